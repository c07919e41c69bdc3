//! KamHub Support, one binary: the server, its workers, and the commands of the operator.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks through its standard streams"
)]

mod commands;
mod config;
mod database;
mod files;
mod first_start;
mod lifecycle;
mod process;
mod secrets;
mod server;
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let command_line = commands::CommandLine::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return lifecycle::report(&anyhow::anyhow!("cannot start threads: {error}")),
    };
    match runtime.block_on(commands::run(command_line)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => lifecycle::report(&error),
    }
}
