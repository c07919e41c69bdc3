//! A ticket is put out of sight until a time or a reply. No clock pauses for it.

use chrono::{DateTime, Days, Utc};
use kamhub_kernel::{Actor, Clock, Faults};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::backlog;
use super::change::{lock_for_change, save};
use crate::ids::TicketId;
use crate::tickets::error::Error;
use crate::tickets::model::Ticket;
use crate::tickets::state::Status;

/// The longest snooze.
const MOST_DAYS: Days = Days::new(365);

/// Puts a ticket out of sight until `until`.
///
/// # Errors
/// A fault of `until` where it is not in the future or more than a year away;
/// [`Error::Finished`] of a resolved or closed ticket; [`Error::NotFound`], [`Error::Stale`],
/// [`Error::Merged`].
pub async fn snooze(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<i32>,
    until: DateTime<Utc>,
) -> Result<Ticket, Error> {
    let before = lock_for_change(tx, actor, id, seen).await?;
    let now = clock.now();
    let fault = |sentence| Err(Error::Invalid(Faults::of("until", sentence)));
    if until <= now {
        return fault("Until must lie in the future");
    }
    if now.checked_add_days(MOST_DAYS).is_some_and(|latest| until > latest) {
        return fault("Until must be at most one year away");
    }
    if matches!(before.status, Status::Resolved | Status::Closed) {
        return Err(Error::Finished(before.status));
    }
    let mut after = before.clone();
    after.snoozed_until = Some(until);
    save(tx, clock, actor, before, after, "snoozed", json!({})).await
}

/// Brings a ticket back at once; one that is not snoozed stays as it is.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Merged`].
pub async fn unsnooze(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<i32>,
) -> Result<Ticket, Error> {
    let before = lock_for_change(tx, actor, id, seen).await?;
    if before.snoozed_until.is_none() {
        return Ok(before);
    }
    let mut after = before.clone();
    after.snoozed_until = None;
    let after = save(tx, clock, actor, before, after, "unsnoozed", json!({})).await?;
    if after.waits() {
        return backlog::assign_automatically(tx, clock, actor, after).await;
    }
    Ok(after)
}
