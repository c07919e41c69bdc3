//! What can go wrong with agents.

use axum::http::StatusCode;
use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use crate::identity;

/// A fault of the agents slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such agent, or no more.
    #[error("the agent was not found")]
    NotFound,
    /// Only supervisors and administrators change somebody else's status.
    #[error("only one's own status may be changed")]
    NotOneself,
    /// Another agent has this value already.
    #[error("another agent has this already")]
    Taken(Faults),
    /// The identities, where an agent's account is looked up.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("The agent"),
            Error::NotOneself => Self::forbidden(
                "You may change your own status only; a supervisor may change everybody's",
            ),
            Error::Taken(faults) => Self::new(
                StatusCode::CONFLICT,
                "CONFLICT",
                "Another agent has one of these values already; see errors",
            )
            .with_faults(faults),
            Error::Identity(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
