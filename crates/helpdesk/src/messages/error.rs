//! What can go wrong with messages.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use super::model::MessageView;
use crate::{agents, attachments, tickets};

/// A fault of the messages slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such message, or not for this caller.
    #[error("Message was not found")]
    NotFound,
    /// Somebody wrote since the caller looked.
    #[error("there is a newer message")]
    Newer(Box<MessageView>),
    /// A person of the desk cannot rate.
    #[error("Only the customer, or a service on the customer's behalf, rates a message")]
    NotTheCustomer,
    /// A message that is nobody's public answer.
    #[error("Only public messages of agents can be rated")]
    NotRateable,
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// Tickets.
    #[error(transparent)]
    Tickets(#[from] tickets::Error),
    /// Agents.
    #[error(transparent)]
    Agents(#[from] agents::Error),
    /// Attachments.
    #[error(transparent)]
    Attachments(#[from] attachments::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("Message"),
            Error::Newer(current) => Self::conflict(
                "NEWER_MESSAGE",
                "Somebody wrote since you looked: read the newer message before you answer",
            )
            .with_current(&current),
            Error::NotTheCustomer => Self::forbidden(error.to_string()),
            Error::NotRateable => Self::conflict("RATING_REFUSED", error.to_string()),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Tickets(error) => error.into(),
            Error::Agents(error) => error.into(),
            Error::Attachments(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
