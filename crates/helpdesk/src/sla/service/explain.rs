//! Why a deadline is where it is: every interval that counted, every pause, holiday and change.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, NaiveDate, Utc};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;

use super::check::look;
use super::live::stored;
use crate::calendars::{self, Calendar, OpenInterval, Seconds};
use crate::ids::TicketId;
use crate::sla::clock::Clock as SlaClock;
use crate::sla::error::Error;
use crate::sla::happening::Happening;
use crate::sla::model::{ClockState, Metric};
use crate::sla::steps::Row;
use crate::sla::terms::Phase;
use crate::sla::ticket::{Book, Kept};
use crate::sla::timeline::{self, Told, What};
use crate::tickets::model::{self, Head};
use crate::tickets::service as tickets;
use crate::tickets::service::timeline as told;

/// The most intervals that are listed of one clock: three years of working days.
const MOST_INTERVALS: usize = 800;

/// What a ticket's deadlines are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The ticket.
    pub ticket: Head,
    /// Its clocks, in the order in which they started.
    pub clocks: Vec<ExplainedClock>,
    /// When there is something to do next.
    pub next_step_at: Option<DateTime<Utc>>,
}

/// What one deadline is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedClock {
    /// The clock.
    pub clock: SlaClock,
    /// What it counts by, and what was done for it.
    pub kept: Kept,
    /// Which edit of the policy it counts by.
    pub policy_number: Option<u32>,
    /// The calendar's name now.
    pub calendar_name: Option<String>,
    /// The calendar's time zone.
    pub zone: Option<String>,
    /// The open time used until now, or until its end.
    pub consumed: Seconds,
    /// Each interval that has counted, the last ones where there are very many.
    pub intervals: Vec<OpenInterval>,
    /// Whether earlier intervals are left out.
    pub more_intervals: bool,
    /// When it did not run.
    pub pauses: Vec<Pause>,
    /// Holidays and dates with hours of their own on its way.
    pub holidays: Vec<Holiday>,
    /// What changed or was done about it, oldest first.
    pub changes: Vec<model::Entry>,
}

/// A time in which a clock did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; not over yet where there is none.
    pub to: Option<DateTime<Utc>>,
    /// What the ticket's state was.
    pub phase: Option<Phase>,
}

/// A date with hours of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// The date, in the calendar's zone.
    pub date: NaiveDate,
    /// What people call it.
    pub name: Option<String>,
    /// Whether nothing is open.
    pub closed: bool,
}

/// Explains each clock of a ticket as of now. What is due is done first, so that nothing is told
/// that has not been written down.
///
/// # Errors
/// The ticket does not exist, or not for this actor; a database fault.
pub async fn explain(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: TicketId,
) -> Result<Explained, Error> {
    let head = tickets::read(tx, actor, ticket).await?.head();
    let now = clock.now();
    let mut book = Book::default();
    let sla = match stored(tx, &head, &mut book).await? {
        Some(stored) if stored.sla.next_step_at(&book).is_none_or(|at| at > now) => stored.sla,
        _ => look(tx, clock, ticket, &mut book).await?,
    };
    for kept in &sla.kept {
        super::store::look_up(tx, &mut book, &kept.versions).await?;
    }
    let entries = told::whole(tx, ticket).await?;
    let history = timeline::history(&entries);
    let mut clocks: Vec<ExplainedClock> =
        sla.rows().map(|row| explained(row, now, &book, &entries, &history)).collect();
    let mut names = HashMap::new();
    for clock in &mut clocks {
        let calendar = clock.kept.versions.calendar;
        if let Entry::Vacant(name) = names.entry(calendar) {
            name.insert(calendars::service::read(tx, calendar).await?.name);
        }
        clock.calendar_name = names.get(&calendar).cloned();
    }
    Ok(Explained { ticket: head, clocks, next_step_at: sla.next_step_at(&book) })
}

fn explained(
    row: Row<'_>,
    now: DateTime<Utc>,
    book: &Book,
    entries: &[model::Entry],
    history: &[Told],
) -> ExplainedClock {
    let Row { clock, kept } = row;
    let calendar = book.calendar(&kept.versions);
    let mut intervals: Vec<OpenInterval> =
        calendar.map(|calendar| clock.counted(now, calendar).collect()).unwrap_or_default();
    let surplus = intervals.len().saturating_sub(MOST_INTERVALS);
    intervals.drain(..surplus);
    ExplainedClock {
        clock: clock.clone(),
        kept: *kept,
        policy_number: book.policy(&kept.versions).map(|policy| policy.number),
        calendar_name: None,
        zone: calendar.map(|calendar| calendar.zone().name().to_owned()),
        consumed: calendar.map_or(clock.consumed, |calendar| clock.consumed_until(now, calendar)),
        intervals,
        more_intervals: surplus > 0,
        pauses: pauses(clock, history),
        holidays: calendar.map(|calendar| holidays(clock, now, calendar)).unwrap_or_default(),
        changes: changes(clock, entries),
    }
}

fn pauses(clock: &SlaClock, history: &[Told]) -> Vec<Pause> {
    let starts = clock.ran.iter().skip(1).map(|ran| Some(ran.from));
    let last = match clock.state() {
        ClockState::Running => Some(clock.running_since),
        ClockState::Paused => Some(None),
        ClockState::Fulfilled | ClockState::Cancelled => None,
    };
    // What was settled under other hours ends where the next stretch begins.
    let stops = clock.ran.iter().zip(starts.chain(last));
    let pauses = stops.filter(|(ran, to)| *to != Some(ran.to));
    pauses.map(|(ran, to)| Pause { from: ran.to, to, phase: phase_at(ran.to, history) }).collect()
}

/// The state that the ticket had from an instant on.
fn phase_at(at: DateTime<Utc>, history: &[Told]) -> Option<Phase> {
    let mut phase = None;
    for told in history.iter().filter(|told| told.moment.at <= at) {
        if let What::Happened(Happening::PhaseChanged(changed)) = told.what {
            phase = Some(changed);
        }
    }
    phase
}

fn holidays(clock: &SlaClock, now: DateTime<Utc>, calendar: &Calendar) -> Vec<Holiday> {
    let date = |at: DateTime<Utc>| at.with_timezone(&calendar.zone()).date_naive();
    let end = clock.fulfilled_at.or(clock.due_at).unwrap_or(now);
    let (first, last) = (date(clock.started_at), date(end));
    let on_the_way = calendar.exceptions().iter().filter(|it| (first..=last).contains(&it.date));
    on_the_way
        .map(|it| Holiday { date: it.date, name: it.name.clone(), closed: it.is_closed() })
        .collect()
}

/// What the timeline says of this clock, and of all clocks of the ticket.
fn changes(clock: &SlaClock, entries: &[model::Entry]) -> Vec<model::Entry> {
    let of_this = |entry: &model::Entry| {
        let metric = entry.data.get("metric").and_then(|it| it.as_str()?.parse::<Metric>().ok());
        let number = entry.data.get("number").and_then(serde_json::Value::as_u64);
        (metric, number) == (Some(clock.metric), Some(u64::from(clock.number)))
    };
    let end = clock.fulfilled_at.or(clock.cancelled.map(|cancelled| cancelled.at));
    let concerns = |entry: &&model::Entry| match entry.kind.as_str() {
        timeline::TERMS
        | timeline::CALENDAR
        | timeline::POLICY_DEACTIVATED
        | timeline::ABSORBED => {
            entry.occurred_at >= clock.started_at && end.is_none_or(|end| entry.occurred_at < end)
        }
        timeline::WARNED
        | timeline::BREACHED
        | timeline::ESCALATED
        | timeline::ACKNOWLEDGED
        | timeline::WITHDRAWN => of_this(entry),
        _ => false,
    };
    entries.iter().filter(concerns).cloned().collect()
}
