//! Part of a ticket's conversation becomes a ticket of its own.

use kamhub_kernel::{Actor, Clock, Faults, Versions};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::change::{lock_for_change, save};
use super::conversation::{description_of, like, record};
use super::{create, lock};
use crate::category::Category;
use crate::ids::{MessageId, TicketId};
use crate::tickets::error::Error;
use crate::tickets::model::{NewTicket, Ticket};
use crate::tickets::repo::moves::{self, Moving};

/// What is to become a ticket of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The messages; one that is named twice counts once.
    pub messages: Vec<MessageId>,
    /// What the new ticket is about.
    pub subject: String,
    /// Its category; the old one's where none is given.
    pub category: Option<Category>,
}

/// Makes a new ticket of some messages. They keep their ids and times, and the new ticket begins
/// when the first of them was written: since then the customer waits. Its description is the first
/// public one of them.
///
/// # Errors
/// A fault of `messageIds` where one of them is not in the ticket; [`Error::NotFound`],
/// [`Error::Stale`], [`Error::Merged`].
pub async fn split(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
    split: Split,
) -> Result<Ticket, Error> {
    let source = lock_for_change(tx, actor, id, seen).await?;
    let mut wanted = split.messages;
    wanted.sort_unstable();
    wanted.dedup();
    let moving = moves::in_ticket(tx, id, &wanted).await?;
    let sentence = "Message ids must all be messages of this ticket";
    let not_here = || Error::Invalid(Faults::of("messageIds", sentence));
    let first = moving.first().filter(|_| moving.len() == wanted.len()).ok_or_else(not_here)?;
    let told = moving.iter().find(|message| !message.is_internal);
    let new = NewTicket {
        subject: split.subject,
        description: told.map_or_else(
            || source.description.clone(),
            |message| description_of(&message.text, &source),
        ),
        category: split.category.unwrap_or(source.category),
        split_from_id: Some(id),
        by_customer: told.is_some_and(|message| message.is_customers),
        created_at: first.created_at,
        ..like(&source)
    };
    let ticket = create::store(tx, clock, actor, &new).await?;
    moves::these(tx, &wanted, id, ticket.id).await?;
    leave(tx, clock, actor, source, &ticket, &moving).await?;
    // What the old ticket has told of its messages may have moved the new one's deadline.
    let ticket = lock(tx, actor, ticket.id).await?;
    let mut after = ticket.clone();
    after.first_response_at =
        moving.iter().find(|message| message.is_response).map(|message| message.created_at);
    save(tx, clock, actor, ticket, after, "updated", json!({})).await
}

/// What the old ticket notes of it; its first response may have gone with the messages.
async fn leave(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    source: Ticket,
    ticket: &Ticket,
    moving: &[Moving],
) -> Result<(), Error> {
    let ids: Vec<MessageId> = moving.iter().map(|message| message.id).collect();
    let told = json!({"ticketId": ticket.id, "ticketNumber": ticket.ticket_number,
        "messageIds": ids});
    let mut after = source.clone();
    let went = |message: &Moving| {
        message.is_response && Some(message.created_at) == source.first_response_at
    };
    if moving.iter().any(went) {
        after.first_response_at = moves::first_response(tx, source.id).await?;
    }
    record(tx, clock, actor, source, after, ("split", told)).await?;
    Ok(())
}
