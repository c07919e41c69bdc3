//! Use cases of the messages slice.

pub mod attachments;
pub mod create;
pub mod rate;

use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use kamhub_kernel::page::{COUNT_CAP, Page, PageRequest, Start, encode_cursor};
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::model::{Head, Message, Scope};
use super::repo;
use crate::ids::{MessageId, TicketId};
use crate::tickets::service::conversation::{self, Conversation};

/// The sort key of a row, inside a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// When the message was written.
    pub at: DateTime<Utc>,
    /// The message.
    pub message: MessageId,
}

/// A page of a ticket's messages, oldest first, as far as the actor may see them: the restriction
/// is part of the query.
///
/// # Errors
/// A ticket that does not exist, or not for this actor; a database fault.
pub async fn list(
    connection: &mut PgConnection,
    actor: &Actor,
    ticket: TicketId,
    page: &PageRequest<SortKey>,
) -> Result<Page<Message>, Error> {
    let conversation = conversation::find(connection, actor, ticket).await?;
    let scope = scope(connection, actor, &conversation).await?;
    let (after, offset) = match &page.start {
        Start::Offset(rows) => (None, *rows),
        Start::After(key) => (Some((key.at, key.message)), 0),
    };
    let mut items = repo::page(connection, &scope, after, offset, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items
        .last()
        .filter(|_| more)
        .map(|last| encode_cursor(&SortKey { at: last.created_at, message: last.id }));
    let cap = (!page.exact_total).then_some(COUNT_CAP + 1);
    let counted = repo::count(connection, &scope, cap).await?;
    let total_capped = cap.is_some() && counted > COUNT_CAP;
    let total = if total_capped { COUNT_CAP } else { counted };
    Ok(Page { items, total, total_capped, next_cursor })
}

/// What the clocks look at in the messages of a ticket, notes and automatic ones too, oldest first.
///
/// # Errors
/// A database fault.
pub async fn heads(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> Result<Vec<Head>, kamhub_postgres::DbError> {
    repo::heads(connection, ticket).await
}

/// Which messages of a conversation the actor may see. Customers get no notes, and of what a merge
/// brought together only their own.
async fn scope(
    connection: &mut PgConnection,
    actor: &Actor,
    conversation: &Conversation,
) -> Result<Scope, Error> {
    let ticket = &conversation.ticket;
    if actor.is_staff() {
        return Ok(Scope::everything(ticket.id));
    }
    let own = conversation.is_whole_for(connection, actor).await?;
    let origins = repo::origins(connection, ticket.id).await?;
    let mut from = conversation::visible_among(connection, actor, &origins).await?;
    from.extend(ticket.split_from_id.filter(|_| own));
    Ok(Scope { ticket: ticket.id, everything: false, own, from })
}

/// Whether the actor may see the message: in its ticket, or in the one that it was written in.
async fn is_for(
    connection: &mut PgConnection,
    actor: &Actor,
    message: &Message,
) -> Result<bool, Error> {
    for ticket in [Some(message.ticket_id), message.original_ticket_id].into_iter().flatten() {
        match conversation::find(connection, actor, ticket).await {
            Ok(conversation)
                if scope(connection, actor, &conversation).await?.includes(message) =>
            {
                return Ok(true);
            }
            Ok(_) | Err(crate::tickets::Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}
