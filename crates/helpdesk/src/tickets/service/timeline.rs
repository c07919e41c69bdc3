//! The timeline of a ticket: the one place that writes it, and tells whoever listens. Clocks are
//! made of nothing else, so what is not in the timeline has not happened.

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;
use serde_json::Value;

use crate::ids::TicketId;
use crate::listeners;
use crate::tickets::error::Error;
use crate::tickets::model::{Entry, Ticket};
use crate::tickets::repo;

/// Writes entries, in their order, after what listeners have to say before them and before what they
/// make of them. `ticket` is the ticket as it is
/// with them; it learns its new deadline.
///
/// # Errors
/// A database fault.
pub async fn write(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: &mut Ticket,
    entries: Vec<(&'static str, Value)>,
) -> Result<(), Error> {
    let before = ticket.sla_due_at;
    append(tx, clock, actor, ticket, entries).await?;
    if ticket.sla_due_at != before {
        repo::due::set(tx, &[(ticket.id, ticket.sla_due_at)]).await?;
    }
    Ok(())
}

/// The same for a caller that stores the ticket itself afterwards.
pub(super) async fn append(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: &mut Ticket,
    entries: Vec<(&'static str, Value)>,
) -> Result<(), Error> {
    let now = clock.now();
    let entries: Vec<Entry> = entries
        .into_iter()
        .map(|(kind, data)| Entry { kind: kind.to_owned(), occurred_at: now, data })
        .collect();
    listeners::timeline_opening(tx, clock, ticket, &entries).await?;
    repo::events_insert(tx, ticket.id, actor, now, &entries).await?;
    ticket.sla_due_at = listeners::timeline_written(tx, clock, ticket, &entries).await?;
    Ok(())
}

/// Writes entries that no clock counts by, in this order, whether the tickets are locked or not:
/// what listeners themselves have to add, and remarks such as a rating. Nobody is told.
///
/// # Errors
/// A database fault.
pub async fn add(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    actor: &Actor,
    entries: &[(TicketId, &'static str, Value)],
) -> Result<(), Error> {
    if !entries.is_empty() {
        repo::events_insert_many(tx, actor, now, entries).await?;
    }
    Ok(())
}

/// The whole timeline, oldest first.
///
/// # Errors
/// A database fault.
pub async fn whole(connection: &mut PgConnection, ticket: TicketId) -> Result<Vec<Entry>, Error> {
    Ok(repo::events_all(connection, ticket).await?)
}

/// Whether anybody has been at work in a ticket: a person or the customer did something, or somebody wrote a message
/// that is not older than its entry by more than `declared`, as imported ones are.
///
/// # Errors
/// A database fault.
pub async fn lived(
    connection: &mut PgConnection,
    ticket: TicketId,
    declared: TimeDelta,
) -> Result<bool, Error> {
    let entries = repo::events_by_hand(connection, ticket).await?;
    let lives = |entry: &Entry| {
        let written = entry.data["createdAt"].as_str().and_then(|at| at.parse().ok());
        let now = written.is_none_or(|at: DateTime<Utc>| entry.occurred_at - at <= declared);
        now && entry.data["automatic"] != true
    };
    Ok(entries.iter().any(lives))
}
