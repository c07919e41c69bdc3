//! What can go wrong with policies.

use kamhub_httpkit::Problem;
use kamhub_postgres::DbError;

use crate::calendars;

/// A fault of the policies.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such policy, or no more.
    #[error("the policy was not found")]
    NotFound,
    /// The calendar of a policy.
    #[error(transparent)]
    Calendars(#[from] calendars::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("The policy"),
            Error::Calendars(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
