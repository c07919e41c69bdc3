//! What can go wrong with operating the product.

use kamhub_httpkit::Problem;
use kamhub_postgres::DbError;

use crate::notifications;

/// A fault of the operations slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such dead letter: it never was one, or it runs again already.
    #[error("there is no such dead letter")]
    NoDeadLetter,
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
    /// What dead letters carry.
    #[error(transparent)]
    Notifications(#[from] notifications::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NoDeadLetter => Self::not_found("The dead letter"),
            Error::Database(error) => error.into(),
            Error::Notifications(error) => error.into(),
        }
    }
}
