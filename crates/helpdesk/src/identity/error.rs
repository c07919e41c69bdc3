//! What can go wrong with identities.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

/// A fault of the identity slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Credentials were given and are wrong, expired or revoked.
    #[error("the credentials are wrong, expired or revoked")]
    BadCredentials,
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
            Error::BadCredentials => Self::unauthenticated(
                "The credentials are wrong, expired or revoked; sign in again",
            ),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Database(error) => error.into(),
        }
    }
}
