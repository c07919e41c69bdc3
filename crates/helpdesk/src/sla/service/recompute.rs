//! Clocks that wait are brought under what applies now: another version of their calendar, other
//! terms, or the end of their policy. Those that have ended stay as they are.

use chrono::{DateTime, Utc};
use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;
use serde_json::{Value, json};

use super::case::Case;
use super::live::{look_up_all, rebuild};
use super::record::record;
use super::store::{load, look_up};
use crate::ids::{CalendarId, CalendarVersionId, PolicyId, TicketId};
use crate::sla::error::Error;
use crate::sla::happening::Happening;
use crate::sla::model::{Metric, Moment};
use crate::sla::repo;
use crate::sla::ticket::{Book, Versions};
use crate::sla::timeline::{self, Told, What};
use crate::tickets::model::Entry;
use crate::tickets::service::{deadlines, timeline as told};

/// How many tickets one transaction takes.
const BATCH: i64 = 100;

/// Brings tickets after `after` under a version of their calendar; answers the last one, none where
/// there is no more to do.
///
/// # Errors
/// A database fault.
pub async fn calendar(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    calendar: CalendarId,
    version: CalendarVersionId,
    after: TicketId,
) -> Result<Option<TicketId>, Error> {
    let tickets = repo::open_under_calendar(tx, calendar, version, after, BATCH).await?;
    for ticket in &tickets {
        let data = json!({"calendarId": calendar, "calendarVersionId": version});
        let newer = |it: &Versions| it.calendar == calendar && it.calendar_version < version;
        tell(tx, clock, *ticket, (timeline::CALENDAR, data), newer).await?;
    }
    Ok(tickets.last().copied())
}

/// Ends the clocks of tickets after `after` that count by this policy; answers the last one, none
/// where there is no more to do.
///
/// # Errors
/// A database fault.
pub async fn policy_deactivated(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    policy: PolicyId,
    after: TicketId,
) -> Result<Option<TicketId>, Error> {
    let tickets = repo::open_under_policy(tx, policy, after, BATCH).await?;
    for ticket in &tickets {
        let data = json!({"policyId": policy});
        let still = |it: &Versions| it.policy == policy;
        tell(tx, clock, *ticket, (timeline::POLICY_DEACTIVATED, data), still).await?;
    }
    Ok(tickets.last().copied())
}

/// Gives a ticket other terms, because an administrator had it evaluated anew. Nothing happens where
/// it has them already, or no clocks.
///
/// # Errors
/// The ticket does not exist; a database fault.
pub async fn reevaluate(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: TicketId,
    versions: &Versions,
) -> Result<(), Error> {
    let data = timeline::terms_entry(versions, "reevaluated");
    tell(tx, clock, ticket, (timeline::TERMS, data), |it| it != versions).await
}

/// A clock that waits, and what other terms would make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// What it measures.
    pub metric: Metric,
    /// Which instance of the metric.
    pub number: u32,
    /// When it is due; none while it is paused.
    pub due_at: Option<DateTime<Utc>>,
    /// When it would be due; none where it would be paused or cancelled.
    pub new_due_at: Option<DateTime<Utc>>,
    /// Whether it would be missed at once.
    pub would_breach: bool,
}

/// What other terms would make of the clocks of a ticket that wait; nothing is changed.
///
/// # Errors
/// A database fault.
pub async fn foresee(
    connection: &mut PgConnection,
    clock: &dyn Clock,
    ticket: TicketId,
    versions: &Versions,
) -> Result<Vec<Foreseen>, Error> {
    let mut book = Book::default();
    let Some(stored) = load(connection, &[ticket], &mut book).await?.remove(&ticket) else {
        return Ok(Vec::new());
    };
    look_up(connection, &mut book, versions).await?;
    let moment = Moment::live(clock.now());
    let told = |what| Told { moment, what, message: None };
    let mut sla = stored.sla;
    sla.apply(&told(What::Happened(Happening::Swept)), &book);
    let before = sla.clocks.clocks().to_vec();
    sla.apply(&told(What::Terms(*versions)), &book);
    sla.apply(&told(What::Happened(Happening::Swept)), &book);
    let pairs = before.iter().zip(sla.clocks.clocks());
    let waiting = pairs.filter(|(before, _)| before.is_open());
    let foreseen = waiting.map(|(before, after)| Foreseen {
        metric: before.metric,
        number: before.number,
        due_at: before.due_at,
        new_due_at: after.due_at,
        would_breach: before.breached_at.is_none() && after.breached_at.is_some(),
    });
    Ok(foreseen.collect())
}

/// Writes an entry to the timeline of a ticket, with what its clocks make of it, where its present
/// terms are such that it concerns them.
async fn tell(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: TicketId,
    (kind, data): (&'static str, Value),
    concerns: impl Fn(&Versions) -> bool,
) -> Result<(), Error> {
    let head = deadlines::lock(tx, ticket).await?;
    let mut book = Book::default();
    let Some(stored) = load(tx, &[ticket], &mut book).await?.remove(&ticket) else {
        return Ok(());
    };
    if !stored.sla.versions.as_ref().is_some_and(concerns) {
        return Ok(());
    }
    let now = clock.now();
    let mut case = Case::new(head, stored);
    if kind == timeline::TERMS {
        // Which steps of another version are still to be taken depends on all that were.
        let whole = told::whole(tx, ticket).await?;
        case.sla = rebuild(tx, &whole, &mut book).await?;
    }
    let entry = Entry { kind: kind.to_owned(), occurred_at: now, data: data.clone() };
    look_up_all(tx, &mut book, &timeline::told(&entry), case.sla.versions).await?;
    // What ran out before is noticed under the old terms.
    case.advance(now, &book);
    case.tell(now, &book, kind, data);
    case.advance(now, &book);
    record(tx, clock, now, &[case], &book, true).await
}
