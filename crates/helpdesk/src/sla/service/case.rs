//! A ticket's service level while it is worked on: what it says now, and what has to be written and
//! told because of it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::store::Stored;
use crate::calendars::Seconds;
use crate::sla::clock::Clock;
use crate::sla::happening::Happening;
use crate::sla::model::{Metric, Moment};
use crate::sla::repo::ClockRow;
use crate::sla::steps::{Row, Step};
use crate::sla::ticket::{Book, TicketSla, Versions};
use crate::sla::timeline::{self, Told, What};
use crate::tickets::model::{Entry, Head};

/// Rounds of steps that follow from steps: a breach, then its escalations, and one that finds nothing.
const ROUNDS: usize = 4;

/// A step that was taken for a clock, with what the clock counted by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) at: DateTime<Utc>,
    pub(super) metric: Metric,
    pub(super) number: u32,
    pub(super) step: Step,
    pub(super) versions: Versions,
    pub(super) target: Seconds,
    /// When the target ran out, or was to run out.
    pub(super) due_at: Option<DateTime<Utc>>,
}

impl Taken {
    fn of(row: Row<'_>, at: DateTime<Utc>, step: Step) -> Self {
        let Row { clock, kept } = row;
        Self {
            at,
            metric: clock.metric,
            number: clock.number,
            step,
            versions: kept.versions,
            target: clock.target,
            due_at: clock.breached_at.or(clock.due_at),
        }
    }
}

/// One locked ticket.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) head: Head,
    pub(super) sla: TicketSla,
    /// The clocks as they are stored.
    pub(super) before: Vec<ClockRow>,
    /// What has to be added to the timeline.
    pub(super) entries: Vec<(&'static str, Value)>,
    /// What was done for its clocks, in order.
    pub(super) taken: Vec<Taken>,
    /// Violations that turned out to be none.
    pub(super) withdrawn: Vec<(Metric, u32)>,
}

impl Case {
    pub(super) fn new(head: Head, stored: Stored) -> Self {
        let Stored { sla, rows } = stored;
        Self {
            head,
            sla,
            before: rows,
            entries: Vec::new(),
            taken: Vec::new(),
            withdrawn: Vec::new(),
        }
    }

    /// Adds an entry to the timeline and takes into account what it says.
    pub(super) fn tell(
        &mut self,
        now: DateTime<Utc>,
        book: &Book,
        kind: &'static str,
        data: Value,
    ) {
        let entry = Entry { kind: kind.to_owned(), occurred_at: now, data };
        for told in timeline::told(&entry) {
            self.sla.apply(&told, book);
        }
        self.entries.push((kind, entry.data));
    }

    /// Gives the warnings that were due before an instant and that nobody has given.
    pub(super) fn warn(&mut self, now: DateTime<Utc>, before: DateTime<Utc>, book: &Book) {
        for (at, place, step) in self.sla.due_steps(before, book) {
            if at < before && matches!(step, Step::Warning(_)) {
                self.take(now, book, at, place, step);
            }
        }
    }

    /// Does what is due for its clocks now.
    pub(super) fn advance(&mut self, now: DateTime<Utc>, book: &Book) {
        for _ in 0..ROUNDS {
            let due = self.sla.due_steps(now, book);
            if due.is_empty() {
                break;
            }
            for (at, place, step) in due {
                self.take(now, book, at, place, step);
            }
        }
        self.report(now, book);
    }

    fn take(
        &mut self,
        now: DateTime<Utc>,
        book: &Book,
        at: DateTime<Utc>,
        place: usize,
        step: Step,
    ) {
        let Some(row) = self.sla.rows().nth(place) else { return };
        let Row { clock, kept } = row;
        let (metric, number) = (clock.metric, clock.number);
        let taken = Taken::of(row, at, step);
        let mut data = json!({"metric": metric, "number": number, "dueAt": clock.due_at});
        match step {
            Step::Warning(step) => {
                data["step"] = json!(step);
                self.tell(now, book, timeline::WARNED, data);
            }
            Step::Breach => {
                let swept = What::Happened(Happening::Swept);
                let told = Told { moment: Moment::live(now), what: swept, message: None };
                self.sla.apply(&told, book);
                self.report(now, book);
                return;
            }
            Step::Escalation(step) => {
                let policy = book.policy(&kept.versions);
                let escalation = policy.and_then(|policy| policy.escalations.get(step));
                data["step"] = json!(step);
                data["action"] = json!(escalation.map(|it| it.action));
                data["recipients"] = json!(escalation.map(|it| &it.recipients));
                self.tell(now, book, timeline::ESCALATED, data);
            }
        }
        self.taken.push(taken);
    }

    /// Writes down the targets that were found missed, and those that were not missed after all.
    fn report(&mut self, now: DateTime<Utc>, book: &Book) {
        let told = |metric, number: u32| {
            let is = |row: &ClockRow| (row.metric, row.number) == (metric, number.cast_signed());
            let breach =
                |it: &Taken| (it.metric, it.number, it.step) == (metric, number, Step::Breach);
            self.before.iter().any(|row| is(row) && row.breached_at.is_some())
                || self.taken.iter().any(breach)
        };
        let missed: Vec<Clock> = self
            .sla
            .clocks
            .clocks()
            .iter()
            .filter(|clock| clock.breached_at.is_some() && !told(clock.metric, clock.number))
            .cloned()
            .collect();
        for clock in missed {
            let Some(at) = clock.breached_at else { continue };
            let data = json!({
                "metric": clock.metric, "number": clock.number, "type": clock.metric.violation(),
                "breachedAt": at, "cause": clock.cause,
            });
            self.tell(now, book, timeline::BREACHED, data);
            let row = self.row(clock.metric, clock.number);
            let taken = row.map(|row| Taken::of(row, at, Step::Breach));
            self.taken.extend(taken);
        }
        let none = |row: &&ClockRow| {
            let number = row.number.cast_unsigned();
            let place = self.sla.place(row.metric, number);
            let clock = place.and_then(|place| self.sla.clocks.clocks().get(place));
            row.breached_at.is_some()
                && clock.is_none_or(|clock| clock.breached_at.is_none())
                && !self.withdrawn.contains(&(row.metric, number))
        };
        let gone: Vec<(Metric, u32)> = self
            .before
            .iter()
            .filter(none)
            .map(|row| (row.metric, row.number.cast_unsigned()))
            .collect();
        for (metric, number) in gone {
            let data = json!({"metric": metric, "number": number, "type": metric.violation()});
            self.tell(now, book, timeline::WITHDRAWN, data);
            self.withdrawn.push((metric, number));
        }
    }

    /// A clock with what is kept of it.
    pub(super) fn row(&self, metric: Metric, number: u32) -> Option<Row<'_>> {
        let place = self.sla.place(metric, number)?;
        self.sla.rows().nth(place)
    }
}
