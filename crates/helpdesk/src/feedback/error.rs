//! What can go wrong with feedback.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use super::model::FeedbackView;
use crate::{agents, identity, tickets};

/// A fault of the feedback slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such feedback.
    #[error("Feedback was not found")]
    NotFound,
    /// Nobody in particular has no right to a ticket.
    #[error("Feedback on a ticket needs the customer's token, the ticket's link or an API key")]
    NoCredentials,
    /// A person of the desk cannot rate the desk.
    #[error("Only the customer, or a service on the customer's behalf, gives feedback")]
    NotTheCustomer,
    /// The time in which it could be changed is over.
    #[error("Feedback can be changed for 14 days; after that it stays as it is")]
    Settled(Box<FeedbackView>),
    /// Nobody asked for a follow-up, so none can be done.
    #[error("Nobody asked for a follow-up on this feedback")]
    NoFollowUp,
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// Tickets.
    #[error(transparent)]
    Tickets(#[from] tickets::Error),
    /// Agents.
    #[error(transparent)]
    Agents(#[from] agents::Error),
    /// Identities.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("Feedback"),
            Error::NoCredentials => Self::unauthenticated(error.to_string()),
            Error::NotTheCustomer => Self::forbidden(error.to_string()),
            Error::Settled(ref current) => {
                Self::conflict("FEEDBACK_SETTLED", error.to_string()).with_current(current)
            }
            Error::NoFollowUp => Self::conflict("NO_FOLLOW_UP", error.to_string()),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Tickets(error) => error.into(),
            Error::Agents(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
