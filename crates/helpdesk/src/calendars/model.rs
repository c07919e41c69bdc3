//! A calendar and its arithmetic.
//!
//! Rules (semantics of the service level clocks):
//! - time counts in whole seconds; a fraction of a second belongs to the second it is in;
//! - a shift belongs to the day it starts on, and so does its part after midnight: a holiday drops
//!   the shifts that start on it and leaves the end of the night shift of the day before;
//! - a wall time that a clock change skips moves forward by the length of the change, one that it
//!   repeats is the first of the two; where that pushes shifts over each other, time counts once;
//! - a target that runs out exactly at closing time is due at that closing instant.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::spec::{CalendarFaults, CalendarSpec};
use super::walk::{Run, Span, Walk};
use super::zone::{DAY, ZoneTable};

/// A length of time in whole seconds, never negative.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seconds(u64);

impl Seconds {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// So many seconds.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// So many minutes.
    #[must_use]
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes as u64 * 60)
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self(hours as u64 * 3_600)
    }

    /// The number of seconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left after `other`, at least nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    fn signed(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    fn from_signed(seconds: i64) -> Self {
        Self(u64::try_from(seconds).unwrap_or(0))
    }
}

/// One shift of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shift {
    /// Wall time of its start, in seconds after midnight.
    pub(super) start: i64,
    /// Its length on the wall, in seconds: more than nothing, at most a day.
    pub(super) seconds: i64,
}

/// A date with hours of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The date on the wall of the calendar's zone.
    pub date: NaiveDate,
    /// What people call it.
    pub name: Option<String>,
    /// Whether it is a holiday: closed, and listed as such.
    pub holiday: bool,
    pub(super) hours: Vec<Shift>,
}

impl Exception {
    /// Whether nothing starts on this date.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.hours.is_empty()
    }
}

/// Open time from one instant up to, and not including, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenInterval {
    /// The first open instant.
    pub opens_at: DateTime<Utc>,
    /// The first instant that is no longer open.
    pub closes_at: DateTime<Utc>,
}

impl OpenInterval {
    /// How long it is.
    #[must_use]
    pub fn seconds(&self) -> Seconds {
        Seconds::from_signed(self.closes_at.timestamp() - self.opens_at.timestamp())
    }
}

/// When work is done: weekly hours in a time zone, holidays, and dates with hours of their own.
///
/// Always has open time, so every target is due some day. Made from a [`CalendarSpec`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "CalendarSpec", into = "CalendarSpec")]
pub struct Calendar {
    zone: Tz,
    table: Arc<ZoneTable>,
    /// Shifts by weekday from Monday, in order.
    week: [Vec<Shift>; 7],
    /// Open seconds of the weekdays before each weekday, and of the whole week.
    before: [i64; 8],
    /// Dates with hours of their own, in order.
    exceptions: Vec<Exception>,
    /// Stretches of days, counted from 1970-01-01, that the weekly hours alone do not describe.
    unusual: Vec<(i64, i64)>,
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.zone == other.zone && self.week == other.week && self.exceptions == other.exceptions
    }
}

impl Eq for Calendar {}

impl TryFrom<CalendarSpec> for Calendar {
    type Error = CalendarFaults;

    fn try_from(spec: CalendarSpec) -> Result<Self, CalendarFaults> {
        spec.check()
    }
}

impl Calendar {
    /// Around the clock, every day.
    #[must_use]
    pub fn always_open() -> Self {
        let day = vec![Shift { start: 0, seconds: DAY }];
        Self::assemble(Tz::UTC, std::array::from_fn(|_| day.clone()), Vec::new())
    }

    /// From checked parts: shifts in order and disjoint all through the week, exceptions by date.
    pub(super) fn assemble(zone: Tz, week: [Vec<Shift>; 7], exceptions: Vec<Exception>) -> Self {
        let table = ZoneTable::of(zone);
        let mut before = [0; 8];
        for (index, shifts) in week.iter().enumerate() {
            let open: i64 = shifts.iter().map(|shift| shift.seconds).sum();
            before[index + 1] = before[index] + open;
        }
        let dated = exceptions.iter().map(|exception| day_number(exception.date));
        let changed = table.changes().iter().map(|change| change.days());
        let unusual = stretches(dated.map(|day| (day, day)).chain(changed));
        Self { zone, table, week, before, exceptions, unusual }
    }

    /// The time zone on whose wall the hours are read.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The holidays and dates with hours of their own, in order.
    #[must_use]
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// The first instant, from `start` on, by which `target` has elapsed: the deadline.
    ///
    /// It is the closing instant where the target runs out exactly at closing time, and `start` where
    /// there is no target. `elapsed(start, add(start, target))` is `target`, as long as the answer is an
    /// instant that can be written (before the year 262143; then that is the answer).
    #[must_use]
    pub fn add(&self, start: DateTime<Utc>, target: Seconds) -> DateTime<Utc> {
        instant(self.due(start.timestamp(), target.signed()))
    }

    /// The open time from `from` to `to`; nothing where `to` is not after `from`.
    #[must_use]
    pub fn elapsed(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Seconds {
        Seconds::from_signed(self.open_seconds(from.timestamp(), to.timestamp()))
    }

    /// Whether `at` is open time.
    #[must_use]
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let second = at.timestamp();
        self.open_seconds(second, second + 1) > 0
    }

    /// The first open instant from `at` on; the second of `at` itself where that is open.
    #[must_use]
    pub fn next_open(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        instant(self.due(at.timestamp(), 1) - 1)
    }

    /// The open time from `from` to `to`, in order, cut at both ends: disjoint intervals that never
    /// touch. Their seconds add up to `elapsed(from, to)`.
    pub fn open_intervals(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = OpenInterval> + '_ {
        let (from, to) = (from.timestamp(), to.timestamp());
        let walk = (from < to).then(|| Walk::between(self, from, to));
        let mut spans = walk
            .into_iter()
            .flatten()
            .flat_map(move |run| self.spans_of(run))
            .map(move |span| span.clip(from, to))
            .filter(|span| span.seconds() > 0)
            .peekable();
        std::iter::from_fn(move || {
            let mut open = spans.next()?;
            while let Some(next) = spans.next_if(|next| next.start <= open.end) {
                open.end = open.end.max(next.end);
            }
            Some(OpenInterval { opens_at: instant(open.start), closes_at: instant(open.end) })
        })
    }

    fn due(&self, start: i64, mut left: i64) -> i64 {
        if left == 0 {
            return start;
        }
        for run in Walk::after(self, start) {
            let spans = match run {
                Run::Spans(spans) => spans,
                Run::Weeks { first, last, offset } => {
                    let weeks = ((left - 1) / self.before[7]).min((last - first + 1) / 7);
                    left -= weeks * self.before[7];
                    let rest = first + weeks * 7;
                    (rest..=last.min(rest + 7)).flat_map(|day| self.spans(day, offset)).collect()
                }
            };
            for span in spans {
                let open = span.clip(start, i64::MAX);
                if left <= open.seconds() {
                    return open.start + left;
                }
                left -= open.seconds();
            }
        }
        i64::MAX
    }

    fn open_seconds(&self, from: i64, to: i64) -> i64 {
        if to <= from {
            return 0;
        }
        let runs = Walk::between(self, from, to).map(|run| match run {
            Run::Weeks { first, last, .. } => self.open_before(last + 1) - self.open_before(first),
            Run::Spans(spans) => spans.iter().map(|span| span.clip(from, to).seconds()).sum(),
        });
        runs.sum()
    }

    pub(super) fn table(&self) -> &ZoneTable {
        &self.table
    }

    pub(super) fn week(&self) -> &[Vec<Shift>; 7] {
        &self.week
    }

    /// The shifts that start on a day.
    pub(super) fn hours(&self, day: i64) -> &[Shift] {
        match self.exceptions.binary_search_by_key(&day, |exception| day_number(exception.date)) {
            Ok(found) => &self.exceptions[found].hours,
            Err(_) => &self.week[weekday(day)],
        }
    }

    /// The first stretch of unusual days that ends on or after `day`.
    pub(super) fn unusual_from(&self, day: i64) -> Option<(i64, i64)> {
        let passed = self.unusual.partition_point(|(_, last)| *last < day);
        self.unusual.get(passed).copied()
    }

    /// The weekly hours of one ordinary day as instants.
    fn spans(&self, day: i64, offset: i64) -> impl Iterator<Item = Span> + '_ {
        self.week[weekday(day)].iter().map(move |shift| {
            let start = day * DAY - offset + shift.start;
            Span { start, end: start + shift.seconds }
        })
    }

    fn spans_of(&self, run: Run) -> Box<dyn Iterator<Item = Span> + '_> {
        match run {
            Run::Spans(spans) => Box::new(spans.into_iter()),
            Run::Weeks { first, last, offset } => {
                Box::new((first..=last).flat_map(move |day| self.spans(day, offset)))
            }
        }
    }

    /// Open seconds of the weekly hours before `day`, counted from some Monday; only differences mean
    /// something.
    fn open_before(&self, day: i64) -> i64 {
        (day + 3).div_euclid(7) * self.before[7] + self.before[weekday(day)]
    }
}

/// Days from 1970-01-01 to `date`.
fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - 719_163
}

/// Days since Monday; 1970-01-01 was a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// The instant of so many seconds since 1970, or the last one there is.
fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Days with their neighbours, as few stretches as they make, in order.
fn stretches(days: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut stretches: Vec<_> = days.map(|(first, last)| (first - 1, last + 1)).collect();
    stretches.sort_unstable();
    stretches.dedup_by(|next, kept| {
        let joins = next.0 <= kept.1 + 1;
        if joins {
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
    stretches
}
