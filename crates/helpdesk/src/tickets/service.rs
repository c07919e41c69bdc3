//! Use cases of the tickets slice. Each takes the transaction, the actor and the clock; the caller
//! commits.

pub mod backlog;
pub mod change;
pub mod conversation;
pub mod create;
pub mod deadlines;
pub mod list;
pub mod merge;
pub mod of_customer;
pub mod reach;
pub mod snooze;
pub mod split;
pub mod timeline;

use kamhub_kernel::Actor;
use kamhub_kernel::page::Page;
use kamhub_postgres::PgConnection;

use super::error::Error;
use super::model::{Ticket, TimelineEntry};
use super::repo;
use crate::ids::TicketId;

/// The ticket, where the actor may see it.
///
/// # Errors
/// [`Error::NotFound`], also where it is not for this actor.
pub async fn read(
    connection: &mut PgConnection,
    actor: &Actor,
    id: TicketId,
) -> Result<Ticket, Error> {
    let ticket = repo::find(connection, id).await?.ok_or(Error::NotFound)?;
    if reach::is_visible(connection, actor, &ticket).await? {
        Ok(ticket)
    } else {
        Err(Error::NotFound)
    }
}

/// The same, locked until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`], also where it is not for this actor.
pub async fn lock(tx: &mut PgConnection, actor: &Actor, id: TicketId) -> Result<Ticket, Error> {
    let ticket = repo::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if reach::is_visible(tx, actor, &ticket).await? { Ok(ticket) } else { Err(Error::NotFound) }
}

/// A page of the ticket's timeline, oldest first, after the entry `after`.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn timeline(
    connection: &mut PgConnection,
    actor: &Actor,
    id: TicketId,
    after: i64,
    limit: i64,
) -> Result<Page<TimelineEntry>, Error> {
    read(connection, actor, id).await?;
    let mut items = repo::events_after(connection, id, after, limit + 1).await?;
    let cap = kamhub_kernel::page::COUNT_CAP;
    let counted = repo::events_count(connection, id, cap + 1).await?;
    let more = items.len() > usize::try_from(limit).unwrap_or_default();
    items.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = items.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Page { items, total: counted.min(cap), total_capped: counted > cap, next_cursor })
}
