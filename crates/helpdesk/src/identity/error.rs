//! What can go wrong with identities.

use std::time::Duration;

use axum::http::StatusCode;
use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use crate::access::Permission;

/// A fault of the identity slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Credentials were given and are wrong, expired or revoked.
    #[error("the credentials are wrong, expired or revoked")]
    BadCredentials,
    /// Several kinds of credentials, or the same one twice: nobody can say who calls.
    #[error("several credentials were given")]
    SeveralCredentials,
    /// No such address, a wrong password, or an account that is disabled.
    #[error("the e-mail address or the password is wrong")]
    SignInFailed,
    /// A browser's call that another site may have caused.
    #[error("the request may have been caused by another site")]
    CrossSite,
    /// Too many attempts.
    #[error("too many attempts")]
    Limited(Duration),
    /// Too many passwords are being checked already.
    #[error("too many passwords are being checked")]
    Busy,
    /// There is no such thing.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// The last administrator cannot be disabled or demoted.
    #[error("the last administrator cannot be disabled or demoted")]
    LastAdmin,
    /// The actor would give away a right that they do not have.
    #[error("the actor lacks {0}")]
    RightNotHeld(Permission),
    /// Somebody or something else has this value already.
    #[error("{}", sentences(.0))]
    Taken(Faults),
    /// Fields are at fault.
    #[error("{}", sentences(.0))]
    Invalid(Faults),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

fn sentences(faults: &Faults) -> String {
    faults.iter().map(|(_, sentence)| sentence).collect::<Vec<_>>().join("; ")
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::BadCredentials => Self::unauthenticated(
                "The credentials are wrong, expired or revoked; sign in again",
            ),
            Error::SeveralCredentials => Self::unauthenticated(
                "Give one kind of credentials, once: a Bearer token, X-API-Key or a ticket's link",
            ),
            Error::SignInFailed => Self::new(
                StatusCode::UNAUTHORIZED,
                "SIGN_IN_FAILED",
                "The e-mail address or the password is wrong",
            ),
            Error::CrossSite => Self::new(
                StatusCode::FORBIDDEN,
                "CSRF_REJECTED",
                "The request does not come from a page of this product; send X-CSRF-Token",
            ),
            Error::Limited(after) => Self::too_many(after),
            Error::Busy => Self::unavailable(
                "OVERLOADED",
                "Too many sign-ins are under way; try again after the time in Retry-After",
                Duration::from_secs(2),
            ),
            Error::NotFound(what) => Self::not_found(what),
            Error::LastAdmin => Self::conflict(
                "LAST_ADMIN",
                "The last administrator cannot be disabled or given another role",
            ),
            Error::RightNotHeld(permission) => Self::new(
                StatusCode::FORBIDDEN,
                "RIGHT_NOT_HELD",
                format!("You cannot give or govern a right that you do not have: {permission}"),
            ),
            Error::Taken(faults) => {
                Self::conflict("CONFLICT", "One of these values is taken already; see errors")
                    .with_faults(faults)
            }
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Fault(cause) => Self::internal(cause),
            Error::Database(error) => error.into(),
        }
    }
}
