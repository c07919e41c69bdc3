//! What can go wrong with reports.

use kamhub_httpkit::Problem;
use kamhub_postgres::DbError;

/// A fault of the reports slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such agent, or no more.
    #[error("the agent was not found")]
    AgentNotFound,
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::AgentNotFound => Self::not_found("The agent"),
            Error::Database(error) => error.into(),
        }
    }
}
