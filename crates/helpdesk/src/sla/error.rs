//! What can go wrong with service levels.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use super::policies;
use crate::{calendars, tickets};

/// A fault of the service levels.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such violation.
    #[error("the violation was not found")]
    NotFound,
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// The ticket.
    #[error(transparent)]
    Tickets(#[from] tickets::Error),
    /// The policies.
    #[error(transparent)]
    Policies(#[from] policies::Error),
    /// The calendars.
    #[error(transparent)]
    Calendars(#[from] calendars::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("Violation"),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Tickets(error) => error.into(),
            Error::Policies(error) => error.into(),
            Error::Calendars(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// For those who are told of a listener's fault.
impl From<Error> for tickets::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Tickets(error) => error,
            Error::Database(error) => Self::Database(error),
            other => Self::Listener(Box::new(other)),
        }
    }
}
