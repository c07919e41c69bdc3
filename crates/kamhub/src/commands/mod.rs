//! The commands and their flags.

mod api_key;
mod asyncapi;
mod doctor;
mod migrate;
mod openapi;
mod seed;
mod serve;
pub mod user;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use kamhub_helpdesk::identity;
use kamhub_kernel::{Faults, SystemClock};

use crate::config::{Config, Flags};
use crate::lifecycle::WrongUsage;
use crate::telemetry;

/// The clock of every command: the machine's own.
pub const CLOCK: SystemClock = SystemClock;
/// What commands other than the server write to the log, unless `LOG_LEVEL` says more.
const QUIET: &str = "warn";

const EXAMPLES: &str = "\
Examples:
  kamhub serve                                start everything on http://127.0.0.1:3000
  kamhub serve --role web --port 8080         HTTP only; workers run elsewhere
  kamhub doctor                               check configuration, database and machine
  kamhub seed --demo                          load demo data
  kamhub api-key create --name booking --role agent --scope tickets:write

Configuration: kamhub.toml, environment, flags, in rising order; see kamhub.example.toml.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not ready or unhealthy.";

/// KamHub Support: a support desk with its database, from one program.
#[derive(Debug, Parser)]
#[command(name = "kamhub", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct CommandLine {
    /// Configuration file (default: kamhub.toml in this directory, where it is there)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the private PostgreSQL and the secret are kept (default: ./data)
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the product: HTTP, workers, and its own PostgreSQL where no DATABASE_URL is given
    Serve(serve::Arguments),
    /// Run jobs only; the same as `serve --role worker`
    Worker(serve::WorkerArguments),
    /// Bring the database to this version
    Migrate(migrate::Arguments),
    /// Load demo data, or many tickets for benchmarks
    Seed(seed::Arguments),
    /// Print the OpenAPI document; needs no database
    Openapi,
    /// Print the AsyncAPI document of the events; needs no database
    Asyncapi,
    /// Check configuration, database and machine, and say what to do
    Doctor,
    /// Create, list and disable people who can sign in
    User(user::Arguments),
    /// Create, list and revoke keys for programs
    ApiKey(api_key::Arguments),
}

/// Runs one command.
///
/// # Errors
/// What went wrong, as a sentence that says what to do.
pub async fn run(line: CommandLine) -> Result<()> {
    let mut flags = Flags { file: line.config, values: Vec::new() };
    if let Some(directory) = line.data_dir {
        flags.values.push(("data_dir", "--data-dir", directory.to_string_lossy().into_owned()));
    }
    if let Command::Serve(arguments) = &line.command {
        arguments.add_to(&mut flags);
    }
    if let Command::Worker(arguments) = &line.command {
        arguments.add_to(&mut flags);
    }
    if matches!(line.command, Command::Openapi) {
        return openapi::run();
    }
    if matches!(line.command, Command::Asyncapi) {
        return asyncapi::run();
    }
    let loaded = load(&flags);
    if matches!(line.command, Command::Doctor) {
        return doctor::run(loaded).await;
    }
    let config = loaded?;
    let serving = matches!(line.command, Command::Serve(_) | Command::Worker(_));
    let level = if serving || config.log_level != "info" { &config.log_level } else { QUIET };
    telemetry::start_log(level, config.log_format)?;
    match line.command {
        Command::Serve(arguments) => serve::run(config, arguments).await,
        Command::Worker(arguments) => serve::run(config, arguments.into()).await,
        Command::Seed(arguments) => seed::run(config, arguments).await,
        Command::Migrate(arguments) => migrate::run(config, arguments).await,
        Command::User(arguments) => user::run(config, arguments).await,
        Command::ApiKey(arguments) => api_key::run(config, arguments).await,
        Command::Openapi | Command::Asyncapi | Command::Doctor => Ok(()),
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn load(flags: &Flags) -> Result<Config> {
    Config::load(flags, std::env::vars_os())
}

/// Faults of what was asked for on the command line, found by the rules of the API's body of the same kind.
pub fn wrong_usage(faults: Faults) -> anyhow::Error {
    refusal(identity::Error::Invalid(faults))
}

/// A fault of the identity slice as a sentence.
pub fn refusal(error: identity::Error) -> anyhow::Error {
    match error {
        identity::Error::Invalid(_) => WrongUsage(error.to_string()).into(),
        identity::Error::Database(error) => crate::database::away(error),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        CommandLine::command().debug_assert();
    }
}
