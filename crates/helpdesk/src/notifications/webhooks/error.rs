//! What can go wrong with webhooks.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use super::model::ENDPOINTS_AT_MOST;
use crate::notifications;

/// A fault of webhooks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// There are as many endpoints as there may be.
    #[error("there are as many webhooks as there may be")]
    TooMany,
    /// The delivery has not come to its end, so there is nothing to repeat.
    #[error("the delivery is under way")]
    UnderWay,
    /// What is planned.
    #[error(transparent)]
    Notifications(#[from] notifications::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Error {
    /// The fault as those know it who write in the same transaction and have no other faults.
    pub fn into_database(self) -> DbError {
        match self {
            Self::Database(fault) => fault,
            Self::Notifications(fault) => fault.into_database(),
            other => DbError::Other(sqlx::Error::Protocol(other.to_string())),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::TooMany => Self::conflict(
                "TOO_MANY_WEBHOOKS",
                format!(
                    "There are {ENDPOINTS_AT_MOST} webhooks already; delete one that nobody uses"
                ),
            ),
            Error::UnderWay => Self::conflict(
                "DELIVERY_UNDER_WAY",
                "The delivery is still tried by itself; replay it when it was sent or given up",
            ),
            Error::Notifications(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
