//! What can go wrong with notifications.

use kamhub_httpkit::Problem;
use kamhub_jobs::QueueError;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use crate::{agents, identity, tickets};

/// A fault of the notifications slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The queue that carries deliveries.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// People and customers.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// Agents.
    #[error(transparent)]
    Agents(#[from] agents::Error),
    /// Tickets.
    #[error(transparent)]
    Tickets(#[from] tickets::Error),
    /// There is no such entry in the caller's inbox.
    #[error("there is no such notification")]
    NotFound,
    /// Field faults.
    #[error("the request has faults")]
    Invalid(Faults),
}

impl Error {
    /// The fault as those know it who write in the same transaction and have no other faults.
    pub fn into_database(self) -> DbError {
        match self {
            Self::Database(fault) | Self::Queue(QueueError::Database(fault)) => fault,
            other => DbError::Other(sqlx::Error::Protocol(other.to_string())),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(fault) | Error::Queue(QueueError::Database(fault)) => fault.into(),
            Error::Queue(fault) => Self::internal(fault),
            Error::Identity(error) => error.into(),
            Error::Agents(error) => error.into(),
            Error::Tickets(error) => error.into(),
            Error::NotFound => Self::not_found("Notification"),
            Error::Invalid(faults) => Self::invalid(faults),
        }
    }
}
