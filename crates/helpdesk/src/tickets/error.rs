//! What can go wrong with tickets.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use super::model::Ticket;
use super::state::{InvalidTransition, Status};
use crate::{agents, attachments, identity};

/// A fault of the tickets slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such ticket, or not for this caller.
    #[error("Ticket was not found")]
    NotFound,
    /// A step between states that the contract does not know.
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    /// The caller's version is not the ticket's any more.
    #[error("the ticket has changed since version {0}")]
    Stale(i32, Box<Ticket>),
    /// The ticket was merged into another one, which has to be changed instead.
    #[error("the ticket was merged")]
    Merged(Box<Ticket>),
    /// Two tickets that cannot be merged, or a merge that cannot be undone.
    #[error("{0}")]
    Merge(&'static str),
    /// A resolved or closed ticket cannot be snoozed.
    #[error("A ticket that is {0} cannot be snoozed")]
    Finished(Status),
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// Agents.
    #[error(transparent)]
    Agents(#[from] agents::Error),
    /// Attachments.
    #[error(transparent)]
    Attachments(#[from] attachments::Error),
    /// Identities.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// Somebody who listens to timelines.
    #[error("a listener failed: {0}")]
    Listener(Box<dyn std::error::Error + Send + Sync>),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("Ticket"),
            Error::Transition(fault) => Self::conflict("INVALID_TICKET_STATUS", fault.to_string()),
            Error::Stale(seen, current) => Self::conflict(
                "VERSION_CONFLICT",
                format!(
                    "The ticket has changed since version {seen}: it is at version {} now",
                    current.version
                ),
            )
            .with_current(&current.view()),
            Error::Merged(current) => Self::conflict(
                "TICKET_MERGED",
                "The ticket was merged into another one: change that one, or undo the merge",
            )
            .with_current(&current.view()),
            Error::Merge(message) => Self::conflict("MERGE_REFUSED", message),
            Error::Finished(_) => Self::conflict("INVALID_TICKET_STATUS", error.to_string()),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Agents(error) => error.into(),
            Error::Attachments(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Listener(_) => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}
