//! What can go wrong with questions.

use kamhub_httpkit::Problem;
use kamhub_kernel::Versions;
use kamhub_postgres::DbError;

use super::model::FaqView;
use crate::knowledge;

/// A fault of the faq slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such question, or no more.
    #[error("the question was not found")]
    NotFound,
    /// The caller's version is not the question's any more.
    #[error("the question has changed since version {0}")]
    Stale(Versions, Box<FaqView>),
    /// Categories and rendering.
    #[error(transparent)]
    Knowledge(#[from] knowledge::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("The question"),
            Error::Stale(seen, current) => Self::conflict(
                "VERSION_CONFLICT",
                format!(
                    "The question has changed since version {seen}: it is at version {} now",
                    current.version
                ),
            )
            .with_current(&current),
            Error::Knowledge(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
