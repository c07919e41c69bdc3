//! `kamhub doctor`: looks at everything that has to be right, and says what to do where it is not.

mod database;
mod machine;
mod outlets;

use std::fmt;

use anyhow::Result;

use crate::config::{Config, LogFormat};
use crate::lifecycle::{NotReady, sentence};
use crate::telemetry;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line of the doctor's report.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    verdict: Verdict,
    subject: &'static str,
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        write!(formatter, "{word}  {:<16} {}", self.subject, self.text)
    }
}

/// The findings so far.
#[derive(Debug, Default)]
struct Report(Vec<Finding>);

impl Report {
    fn add(&mut self, verdict: Verdict, subject: &'static str, text: impl Into<String>) {
        let finding = Finding { verdict, subject, text: text.into() };
        println!("{finding}");
        self.0.push(finding);
    }

    fn ok(&mut self, subject: &'static str, text: impl Into<String>) {
        self.add(Verdict::Ok, subject, text);
    }

    fn warn(&mut self, subject: &'static str, text: impl Into<String>) {
        self.add(Verdict::Warn, subject, text);
    }

    fn fail(&mut self, subject: &'static str, text: impl Into<String>) {
        self.add(Verdict::Fail, subject, text);
    }
}

/// Runs every check that the configuration allows.
///
/// # Errors
/// Exit code 3 where a check fails.
pub async fn run(config: Result<Config>) -> Result<()> {
    let mut report = Report::default();
    match config {
        Err(error) => report.fail("configuration", sentence(&error)),
        Ok(config) => {
            // What PostgreSQL and Redis log on the way would only repeat the findings.
            telemetry::start_log("off", LogFormat::Text)?;
            machine::look(&mut report, &config);
            database::look(&mut report, &config).await;
            database::redis(&mut report, &config).await;
            outlets::look(&mut report, &config).await;
        }
    }
    let count = |verdict| report.0.iter().filter(|finding| finding.verdict == verdict).count();
    match count(Verdict::Fail) {
        0 => Ok(()),
        1 => Err(NotReady("1 check failed: see the line above".to_owned()).into()),
        failed => Err(NotReady(format!("{failed} checks failed: see the lines above")).into()),
    }
}
