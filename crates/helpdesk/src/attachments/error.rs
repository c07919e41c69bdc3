//! What can go wrong with attachments.

use std::time::Duration;

use axum::http::StatusCode;
use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

/// A fault of the attachments slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file, or not for this caller.
    #[error("Attachment was not found")]
    NotFound,
    /// The file has more than 10 MiB.
    #[error("A file has at most 10 MiB")]
    TooLarge,
    /// The content is nothing that is taken here.
    #[error("Files of this kind are not taken: {0}")]
    Refused(&'static str),
    /// The content is not what it says it is.
    #[error("The image cannot be read: {0}")]
    BrokenImage(String),
    /// The body is no form, has no file, or broke off.
    #[error("{0}")]
    Malformed(&'static str),
    /// Too much waits that was uploaded without credentials.
    #[error(
        "There is no room for more uploads without credentials now; send the request without a file"
    )]
    Full,
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// The store.
    #[error("the store failed: {0}")]
    Store(#[from] object_store::Error),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotFound => Self::not_found("Attachment"),
            Error::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "FILE_TOO_LARGE", message),
            Error::Refused(_) => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "FILE_REFUSED", message)
            }
            Error::BrokenImage(_) => Self::new(StatusCode::BAD_REQUEST, "FILE_BROKEN", message),
            Error::Malformed(_) => Self::new(StatusCode::BAD_REQUEST, "MALFORMED_UPLOAD", message),
            Error::Full => Self::unavailable("UPLOADS_FULL", message, Duration::from_secs(15 * 60)),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Store(cause) => {
                tracing::error!(%cause, "the store of attachments failed");
                Self::unavailable(
                    "STORE_UNAVAILABLE",
                    "The store of files is away; try again after the time in Retry-After",
                    Duration::from_secs(5),
                )
            }
            Error::Fault(cause) => Self::internal(cause),
            Error::Database(error) => error.into(),
        }
    }
}
