//! What can go wrong with searches.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

/// A fault of the search slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Database(error) => error.into(),
        }
    }
}
