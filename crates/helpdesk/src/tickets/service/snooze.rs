//! A ticket is put out of sight until a time, a reply, or a deadline that comes near. No clock pauses for it.

use chrono::{DateTime, Days, Duration, Utc};
use kamhub_kernel::{Actor, Clock, Faults, Versions};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::backlog;
use super::change::{lock_for_change, save};
use crate::ids::TicketId;
use crate::tickets::error::Error;
use crate::tickets::model::Ticket;
use crate::tickets::state::Status;

/// The longest snooze, also of one that waits for a reply: nothing is out of sight for ever.
const MOST_DAYS: Days = Days::new(365);

/// When a ticket comes back. Whoever writes in it brings it back in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snooze {
    /// At this time.
    pub until: Option<DateTime<Utc>>,
    /// When the earliest deadline is as near as so many minutes.
    pub slack_minutes: Option<i32>,
    /// With a reply; needed only where neither of the others is given.
    pub until_reply: bool,
}

impl Snooze {
    /// The time at which it comes back at the latest.
    fn latest(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Faults> {
        let last = now.checked_add_days(MOST_DAYS).unwrap_or(now);
        let fault = |sentence| Err(Faults::of("until", sentence));
        match self.until {
            Some(until) if until <= now => fault("Until must lie in the future"),
            Some(until) if until > last => fault("Until must be at most one year away"),
            Some(until) => Ok(until),
            None if self.until_reply || self.slack_minutes.is_some() => Ok(last),
            None => fault("Until is required, unless slackMinutes or untilReply is given"),
        }
    }

    /// A deadline that is near already would end the snooze at once; where there is none, something
    /// else has to end it.
    fn check_slack(&self, ticket: &Ticket, now: DateTime<Utc>) -> Result<(), Faults> {
        let Some(slack) = self.slack_minutes else { return Ok(()) };
        let fault = |sentence| Err(Faults::of("slackMinutes", sentence));
        match ticket.sla_due_at {
            Some(due) if due - now <= Duration::minutes(i64::from(slack)) => {
                fault("Slack minutes must be less than what is left until the deadline")
            }
            None if self.until.is_none() && !self.until_reply => {
                fault("Slack minutes needs a ticket with a deadline; give until or untilReply")
            }
            _ => Ok(()),
        }
    }
}

/// Puts a ticket out of sight.
///
/// # Errors
/// A fault of `until` where it is not in the future or more than a year away, or nothing says when
/// the ticket comes back; of `slackMinutes` where the deadline is as near already;
/// [`Error::Finished`] of a resolved or closed ticket; [`Error::NotFound`], [`Error::Stale`],
/// [`Error::Merged`].
pub async fn snooze(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
    snooze: Snooze,
) -> Result<Ticket, Error> {
    let before = lock_for_change(tx, actor, id, seen).await?;
    let now = clock.now();
    let latest = snooze.latest(now).map_err(Error::Invalid)?;
    if matches!(before.status, Status::Resolved | Status::Closed) {
        return Err(Error::Finished(before.status));
    }
    snooze.check_slack(&before, now).map_err(Error::Invalid)?;
    let mut after = before.clone();
    after.snoozed_until = Some(latest);
    after.snooze_slack_minutes = snooze.slack_minutes;
    save(tx, clock, actor, before, after, "snoozed", json!({"untilReply": snooze.until_reply}))
        .await
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
    seen: Option<Versions>,
) -> Result<Ticket, Error> {
    let before = lock_for_change(tx, actor, id, seen).await?;
    if before.snoozed_until.is_none() {
        return Ok(before);
    }
    let mut after = before.clone();
    after.wake();
    let after = save(tx, clock, actor, before, after, "unsnoozed", json!({})).await?;
    if after.waits() {
        return backlog::assign_automatically(tx, clock, actor, after).await;
    }
    Ok(after)
}
