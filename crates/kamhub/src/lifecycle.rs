//! How the process begins and ends: exit codes, signals, limits.

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code of a process that a second signal ended: 128 + SIGTERM, as shells count.
const ENDED_BY_SIGNAL: i32 = 143;

/// A fault after which the same command may succeed later: exit code 3.
#[derive(Debug)]
pub struct NotReady(pub String);

impl fmt::Display for NotReady {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NotReady {}

/// A wish that could never be granted as it was written: exit code 2, as clap's own refusals.
#[derive(Debug)]
pub struct WrongUsage(pub String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Tells the fault as one sentence, and answers the exit code: 3 where the same may succeed later, 2 for
/// wrong usage, else 1.
pub fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("kamhub: {}", sentence(error));
    ExitCode::from(match error {
        error if error.is::<NotReady>() => 3,
        error if error.is::<WrongUsage>() => 2,
        _ => 1,
    })
}

/// The fault with its causes on one line. Many libraries repeat a cause in their own text: it is
/// told once.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A token that SIGINT or SIGTERM cancels; a second signal ends the process at once.
///
/// # Errors
/// Signals that cannot be listened to.
pub fn shutdown_signal() -> Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            }
        };
        let name = next().await;
        tracing::info!(signal = name, "stopping; a second signal quits at once");
        cancelled.cancel();
        let name = next().await;
        tracing::warn!(signal = name, "quitting at once");
        std::process::exit(ENDED_BY_SIGNAL);
    });
    Ok(token)
}

/// Lets the process hold as many connections as the system allows it; shells often give fewer.
pub fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_that_is_repeated_is_told_once_and_on_one_line() {
        let outer: Result<()> = Err(anyhow::anyhow!("disk\n full"));
        let error = outer.context("cannot write: disk\n full").context("no backup").unwrap_err();
        assert_eq!(sentence(&error), "no backup: cannot write: disk full");
    }
}
