//! What can go wrong with notifications.

use kamhub_httpkit::Problem;
use kamhub_jobs::QueueError;
use kamhub_postgres::DbError;

/// A fault of the notifications slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The queue that carries deliveries.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(fault) | Error::Queue(QueueError::Database(fault)) => fault.into(),
            Error::Queue(fault) => Self::internal(fault),
        }
    }
}
