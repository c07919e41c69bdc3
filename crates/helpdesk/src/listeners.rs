//! Who listens to what, in the transaction in which it happens. A lower slice may not call a higher
//! one; what has to follow upwards at once, and not as an event later, is called from here. This is
//! the only place that knows the listeners.

use chrono::{DateTime, Utc};
use kamhub_kernel::Clock;
use kamhub_postgres::{DbResult, PgConnection};

use crate::feedback;
use crate::ids::{CalendarId, CalendarVersionId, PolicyId};
use crate::notifications;
use crate::sla;
use crate::sla::model::Notice;
use crate::sla::policies;
use crate::sla::service::live::{self, Promise};
use crate::sla::service::prepare;
use crate::tickets::model::{Entry, NewTicket, Ticket};
use crate::tickets::state::Status;
use crate::{calendars, tickets};

/// What a ticket that is about to be created is promised.
///
/// # Errors
/// A database fault.
pub async fn promise(tx: &mut PgConnection, new: &NewTicket) -> Result<Promise, tickets::Error> {
    Ok(live::promise(tx, new).await?)
}

/// Entries are about to be written to the timeline of a locked ticket; `ticket` is as it will be with
/// them.
///
/// # Errors
/// A database fault.
pub async fn timeline_opening(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: &Ticket,
    entries: &[Entry],
) -> Result<(), tickets::Error> {
    Ok(prepare::timeline_opening(tx, clock, ticket, entries).await?)
}

/// Entries were written to the timeline of a locked ticket; `ticket` is as it is with them. Answers
/// its earliest deadline.
///
/// # Errors
/// A database fault.
pub async fn timeline_written(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: &Ticket,
    entries: &[Entry],
) -> Result<Option<DateTime<Utc>>, tickets::Error> {
    if entries.iter().any(|entry| entry.data["after"]["status"] == Status::Resolved.as_str()) {
        feedback::service::requests::resolved(tx, clock, ticket).await?;
    }
    Ok(live::timeline_written(tx, clock, ticket, entries).await?)
}

/// A calendar has a new version: running clocks count by it from now on.
///
/// # Errors
/// A database fault.
pub async fn calendar_edited(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    calendar: CalendarId,
    version: CalendarVersionId,
) -> DbResult<()> {
    sla::jobs::enqueue_recount(tx, clock, calendar, version).await
}

/// A calendar was locked and taken out of use.
///
/// # Errors
/// [`calendars::Error::InUse`] where something still counts by it; a database fault.
pub async fn calendar_archived(
    tx: &mut PgConnection,
    calendar: CalendarId,
) -> Result<(), calendars::Error> {
    policies::service::refuse_use_of(tx, calendar).await
}

/// A policy was deactivated or deleted: its running clocks end.
///
/// # Errors
/// A database fault.
pub async fn policy_deactivated(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    policy: PolicyId,
) -> DbResult<()> {
    sla::jobs::enqueue_end_policy(tx, clock, policy).await
}

/// There is something about clocks to tell people, in this order.
///
/// # Errors
/// A database fault.
pub async fn sla_notices(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    notices: &[Notice],
) -> DbResult<()> {
    notifications::notices::plan(tx, clock, notices)
        .await
        .map_err(notifications::Error::into_database)
}
