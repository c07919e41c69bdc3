//! What can go wrong with searches.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use crate::knowledge;

/// A fault of the search slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// Articles.
    #[error(transparent)]
    Knowledge(#[from] knowledge::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Knowledge(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
