//! What can go wrong with tickets.

use kamhub_httpkit::Problem;
use kamhub_kernel::{Faults, Versions};
use kamhub_postgres::DbError;

use super::state::{InvalidTransition, Status};
use super::view::TicketView;
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
    /// The caller's version is not the ticket's any more; with the ticket as the caller may see it.
    #[error("the ticket has changed since version {0}")]
    Stale(Versions, Box<TicketView>),
    /// The ticket was merged into another one, which has to be changed instead; as the caller may see it.
    #[error("the ticket was merged")]
    Merged(Box<TicketView>),
    /// Two tickets that cannot be merged, or a merge that cannot be undone.
    #[error("{0}")]
    Merge(&'static str),
    /// A resolved or closed ticket cannot be snoozed.
    #[error("A ticket that is {0} cannot be snoozed")]
    Finished(Status),
    /// A ticket that others were merged into cannot be deleted.
    #[error("Other tickets were merged into this one: undo those merges before it is deleted")]
    Survivor,
    /// A customer comes too late to reopen a closed ticket.
    #[error(
        "The ticket was closed too long ago to be reopened: write a message, and a new ticket continues it"
    )]
    TooLate,
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
            .with_current(&current),
            Error::Merged(current) => Self::conflict(
                "TICKET_MERGED",
                "The ticket was merged into another one: change that one, or undo the merge",
            )
            .with_current(&current),
            Error::Merge(message) => Self::conflict("MERGE_REFUSED", message),
            Error::Survivor => Self::conflict("SURVIVOR_OF_MERGE", error.to_string()),
            Error::TooLate => Self::conflict("REOPEN_TOO_LATE", error.to_string()),
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
