//! Crossing time day by day where something is unusual, and by whole runs of ordinary weeks where
//! nothing is.
//!
//! A day is ordinary when neither it nor a neighbour has an exception or a clock change. The hours of
//! ordinary days cannot overlap (the weekly hours are checked) and all have the same offset from UTC,
//! so a run of them is pure arithmetic. Everywhere else the hours become instants one by one, and
//! are sorted and merged: a clock change may push two of them over each other.

use super::model::Calendar;
use super::zone::DAY;

/// Open time as instants, in seconds since 1970; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Span {
    /// The part of the span between `from` and `to`; it may be empty.
    pub(super) fn clip(self, from: i64, to: i64) -> Self {
        let start = self.start.max(from);
        Self { start, end: self.end.min(to).max(start) }
    }

    pub(super) fn seconds(self) -> i64 {
        self.end - self.start
    }
}

/// A stretch of days, handled in one way.
#[derive(Debug)]
pub(super) enum Run {
    /// Ordinary days, counted from 1970-01-01, both included; every shift of theirs lies wholly inside the
    /// period walked through.
    Weeks { first: i64, last: i64, offset: i64 },
    /// Open time in order, disjoint and never touching; it may reach over the ends of the period.
    Spans(Vec<Span>),
}

/// Walks through the days of a calendar that matter to a period, in order.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    calendar: &'a Calendar,
    /// The next day to handle.
    day: i64,
    /// The last day to handle.
    last: i64,
    /// Days up to this one may reach over the start of the period.
    head: i64,
    /// Days from this one on may reach over its end.
    tail: i64,
}

/// Far enough for every instant chrono can write (the year 262143), near enough to count in seconds.
const LAST_DAY: i64 = 96_000_000;

impl<'a> Walk<'a> {
    /// Through the period from `from` to `to`, in seconds since 1970.
    pub(super) fn between(calendar: &'a Calendar, from: i64, to: i64) -> Self {
        let (first, last) = (calendar.table().day(from), calendar.table().day(to));
        // A shift lasts up to a day, and a clock change moves it by up to another.
        Self { calendar, day: first - 2, last: last + 1, head: first + 1, tail: last - 2 }
    }

    /// From `from` on, without an end.
    pub(super) fn after(calendar: &'a Calendar, from: i64) -> Self {
        let first = calendar.table().day(from);
        Self { calendar, day: first - 2, last: LAST_DAY, head: first + 1, tail: LAST_DAY + 1 }
    }

    /// The last day of the stretch of unusual days that begins with `self.day`, and the first day
    /// of the next such stretch where `self.day` is ordinary.
    fn unusual_until(&self) -> Result<i64, i64> {
        let mut end = self.day - 1;
        loop {
            let next = end + 1;
            let unusual = self.calendar.unusual_from(next);
            end = match unusual {
                _ if next > self.last => return Ok(self.last),
                _ if next >= self.tail => return Ok(self.last),
                _ if next <= self.head => self.head,
                Some((first, last)) if first <= next => last,
                _ if next > self.day => return Ok(end),
                other => return Err(other.map_or(self.tail, |(first, _)| first.min(self.tail))),
            };
        }
    }

    fn spans(&self, first: i64, last: i64) -> Vec<Span> {
        let table = self.calendar.table();
        let mut spans = Vec::new();
        for day in first..=last {
            for shift in self.calendar.hours(day) {
                let wall = day * DAY + shift.start;
                let span =
                    Span { start: table.instant(wall), end: table.instant(wall + shift.seconds) };
                // A shift from inside a skipped hour to its end has no time left.
                if span.start < span.end {
                    spans.push(span);
                }
            }
        }
        spans.sort_unstable();
        merge(&mut spans);
        spans
    }
}

impl Iterator for Walk<'_> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        if self.day > self.last {
            return None;
        }
        let first = self.day;
        match self.unusual_until() {
            Ok(last) => {
                let last = last.min(self.last);
                self.day = last + 1;
                Some(Run::Spans(self.spans(first, last)))
            }
            Err(next) => {
                let last = (next - 1).min(self.last);
                self.day = last + 1;
                let table = self.calendar.table();
                let offset = first * DAY - table.instant(first * DAY);
                Some(Run::Weeks { first, last, offset })
            }
        }
    }
}

/// Joins sorted spans that overlap or touch.
fn merge(spans: &mut Vec<Span>) {
    spans.dedup_by(|next, kept| {
        let joins = next.start <= kept.end;
        if joins {
            kept.end = kept.end.max(next.end);
        }
        joins
    });
}
