//! What can go wrong with a job and with the queue itself.

use std::{error::Error, fmt, time::Duration};

use kamhub_postgres::DbError;

/// Why a handler did not do its job. Any error reaches it through `?` as a failure worth another attempt.
///
/// The text is kept with the job and shown to operators: it must not hold secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError {
    /// Worth another attempt, after the backoff or the wait that the receiver asked for.
    Retry {
        /// What went wrong.
        error: String,
        /// The wait that the receiver asked for (`Retry-After`); kept as a lower bound, at most a day.
        after: Option<Duration>,
    },
    /// No attempt will ever succeed: the job becomes a dead letter at once.
    Permanent {
        /// What went wrong.
        error: String,
    },
}

impl JobError {
    /// A failure worth another attempt after the backoff.
    pub fn retry(error: impl fmt::Display) -> Self {
        Self::Retry { error: error.to_string(), after: None }
    }

    /// A failure worth another attempt, no earlier than `after` from now.
    pub fn retry_after(error: impl fmt::Display, after: Duration) -> Self {
        Self::Retry { error: error.to_string(), after: Some(after) }
    }

    /// A failure that no further attempt can mend.
    pub fn permanent(error: impl fmt::Display) -> Self {
        Self::Permanent { error: error.to_string() }
    }
}

// `JobError` is not an `Error` itself: that is what allows this conversion of every error.
impl<E: Error> From<E> for JobError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::Retry { error: text, after: None }
    }
}

/// A fault of the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database refused or could not be reached.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The lease ended and the job was given to somebody else (or finished by them): whatever was prepared for
    /// this attempt must be rolled back.
    #[error("the lease on job {id} was lost in attempt {attempt}")]
    LeaseLost {
        /// The job.
        id: i64,
        /// The attempt that held the lease.
        attempt: i32,
    },
    /// Two handlers for one kind, or two schedules of one name: one of them would never run.
    #[error("{name} is registered twice")]
    RegisteredTwice {
        /// The kind of the job, or the name of the schedule.
        name: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn an_error_reaches_a_handler_as_a_retry_with_its_causes() {
        let fails =
            || -> Result<(), JobError> { Err("x".parse::<i32>().map_err(Outer).unwrap_err())? };
        let expected = JobError::retry("outer: invalid digit found in string");
        assert_eq!(fails(), Err(expected));
    }
}
