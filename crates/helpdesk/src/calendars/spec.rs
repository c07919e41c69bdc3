//! A calendar as people and the API write it, and everything that can be wrong with it.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use kamhub_httpkit::items::at_most;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::model::{Calendar, Exception, Shift};
use super::zone::DAY;

/// The most intervals of one day.
const INTERVALS_AT_MOST: usize = 48;

/// A calendar as it is written; [`Calendar::try_from`] checks it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalendarSpec {
    /// IANA name of the time zone on whose wall all times are read.
    #[schema(examples("Asia/Kamchatka"))]
    pub zone: String,
    /// The hours of an ordinary week.
    #[serde(default)]
    pub weekly: WeeklySpec,
    /// Closed days: no shift starts on them.
    #[serde(default)]
    pub holidays: Vec<HolidaySpec>,
    /// Dates with hours of their own.
    #[serde(default)]
    pub overrides: Vec<OverrideSpec>,
}

/// The shifts of each weekday; a weekday without any is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the names of the weekdays say it all")]
pub struct WeeklySpec {
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub monday: Vec<IntervalSpec>,
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub tuesday: Vec<IntervalSpec>,
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub wednesday: Vec<IntervalSpec>,
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub thursday: Vec<IntervalSpec>,
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub friday: Vec<IntervalSpec>,
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub saturday: Vec<IntervalSpec>,
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub sunday: Vec<IntervalSpec>,
}

/// One shift. An end before the start is on the next day, so 22:00-06:00 is a night shift. A whole day is written
/// 00:00-24:00: an end that is the start is refused, apart from what earlier versions have stored, where it lasts a
/// whole day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IntervalSpec {
    /// Wall time of the start, `HH:MM`.
    #[schema(examples("09:00"))]
    pub start: String,
    /// Wall time of the end, `HH:MM`; `24:00` is midnight at the end of the day.
    #[schema(examples("18:00"))]
    pub end: String,
}

impl IntervalSpec {
    /// Whether it ends at the time at which it begins.
    pub fn has_no_length(&self) -> bool {
        self.start == self.end && wall_seconds(&self.start).is_some_and(|start| start < DAY)
    }
}

/// A closed day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HolidaySpec {
    /// The day, `YYYY-MM-DD`.
    #[schema(examples("2026-01-01"))]
    pub date: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("New Year"))]
    pub name: Option<String>,
}

/// A date with hours of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OverrideSpec {
    /// The day, `YYYY-MM-DD`.
    #[schema(examples("2026-01-01"))]
    pub date: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("New Year"))]
    pub name: Option<String>,
    /// The shifts that start on it; none means closed.
    #[serde(deserialize_with = "at_most::<INTERVALS_AT_MOST, _, _>")]
    pub intervals: Vec<IntervalSpec>,
}

/// Everything that is wrong with a calendar; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct CalendarFaults(pub Vec<CalendarFault>);

impl fmt::Display for CalendarFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", fault.path, fault.problem)?;
        }
        Ok(())
    }
}

/// One thing that is wrong with a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFault {
    /// Where, as a JSON field path: `weekly.monday.1.start`.
    pub path: String,
    /// What.
    pub problem: CalendarProblem,
}

/// What can be wrong with a part of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarProblem {
    /// The zone is not in the time zone database.
    #[error("Unknown time zone \"{0}\"; use an IANA name such as Europe/Berlin")]
    UnknownZone(String),
    /// A time is not written as one.
    #[error("Time must be HH:MM between 00:00 and 23:59 (24:00 as an end)")]
    BadTime,
    /// A date is not written as one, or is not between 1970 and 2999.
    #[error("Date must be YYYY-MM-DD, between 1970 and 2999")]
    BadDate,
    /// An interval has no length.
    #[error("Interval begins and ends at the same time; a whole day is written 00:00 to 24:00")]
    EmptyInterval,
    /// An interval begins before another has ended.
    #[error("Interval overlaps {0}")]
    Overlap(String),
    /// A date has been given before.
    #[error("Date is given more than once, first in {0}")]
    DuplicateDate(String),
    /// The week has no open time, so no target would ever be due.
    #[error("Calendar must have open time in its week")]
    NoOpenTime,
}

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl WeeklySpec {
    fn days(&self) -> [&Vec<IntervalSpec>; 7] {
        let Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday } = self;
        [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
    }

    /// The weekdays by name, from Monday.
    pub fn named_days(&self) -> impl Iterator<Item = (&'static str, &Vec<IntervalSpec>)> {
        WEEKDAYS.into_iter().zip(self.days())
    }
}

/// A shift somewhere on a line of wall seconds, and where it is written.
struct Placed {
    start: i64,
    end: i64,
    path: String,
}

/// Collects faults while the parts are read.
#[derive(Default)]
struct Checker {
    faults: Vec<CalendarFault>,
}

impl CalendarSpec {
    /// The calendar, or all its faults.
    ///
    /// # Errors
    /// Every fault of the specification, each with its path.
    pub fn check(&self) -> Result<Calendar, CalendarFaults> {
        let mut checker = Checker::default();
        let zone = self.zone.parse::<Tz>().ok();
        if zone.is_none() {
            checker.fault("zone", CalendarProblem::UnknownZone(self.zone.clone()));
        }
        let week = checker.week(&self.weekly);
        let exceptions = checker.exceptions(&self.holidays, &self.overrides);
        match zone {
            Some(zone) if checker.faults.is_empty() => {
                Ok(Calendar::assemble(zone, week, exceptions))
            }
            _ => Err(CalendarFaults(checker.faults)),
        }
    }
}

impl Checker {
    fn fault(&mut self, path: impl Into<String>, problem: CalendarProblem) {
        self.faults.push(CalendarFault { path: path.into(), problem });
    }

    fn week(&mut self, weekly: &WeeklySpec) -> [Vec<Shift>; 7] {
        let mut placed = Vec::new();
        let mut week: [Vec<Shift>; 7] = Default::default();
        let mut midnight = 0;
        for ((name, intervals), shifts) in WEEKDAYS.iter().zip(weekly.days()).zip(&mut week) {
            *shifts = self.shifts(intervals, &format!("weekly.{name}"), midnight, &mut placed);
            midnight += DAY;
        }
        if weekly.days().iter().all(|day| day.is_empty()) {
            self.fault("weekly", CalendarProblem::NoOpenTime);
        }
        // The night of Sunday reaches into the Monday of the week after.
        placed.sort_by_key(|shift| shift.start);
        if let Some(reach) = placed.iter().max_by_key(|shift| shift.end) {
            let (end, path) = (reach.end - 7 * DAY, reach.path.clone());
            placed.insert(0, Placed { start: i64::MIN, end, path });
        }
        self.overlaps(&placed);
        week
    }

    fn exceptions(
        &mut self,
        holidays: &[HolidaySpec],
        overrides: &[OverrideSpec],
    ) -> Vec<Exception> {
        let mut exceptions: Vec<(Exception, String)> = Vec::new();
        for (index, HolidaySpec { date, name }) in holidays.iter().enumerate() {
            if let Some(date) = self.date(date, &format!("holidays.{index}.date")) {
                let path = format!("holidays.{index}");
                let name = name.clone();
                exceptions.push((Exception { date, name, holiday: true, hours: Vec::new() }, path));
            }
        }
        for (index, OverrideSpec { date, name, intervals }) in overrides.iter().enumerate() {
            let path = format!("overrides.{index}");
            let date = self.date(date, &format!("{path}.date"));
            let mut placed = Vec::new();
            let hours = self.shifts(intervals, &format!("{path}.intervals"), 0, &mut placed);
            placed.sort_by_key(|shift| shift.start);
            self.overlaps(&placed);
            if let Some(date) = date {
                let name = name.clone();
                exceptions.push((Exception { date, name, holiday: false, hours }, path));
            }
        }
        // Stable: of equal dates the one written first stays first.
        exceptions.sort_by_key(|(exception, _)| exception.date);
        for pair in exceptions.chunk_by(|(one, _), (other, _)| one.date == other.date) {
            for (_, path) in &pair[1..] {
                let first = pair[0].1.clone();
                self.fault(format!("{path}.date"), CalendarProblem::DuplicateDate(first));
            }
        }
        exceptions.into_iter().map(|(exception, _)| exception).collect()
    }

    /// The shifts of one day in order; each is also placed on the line that has the day begin at `midnight`.
    fn shifts(
        &mut self,
        intervals: &[IntervalSpec],
        path: &str,
        midnight: i64,
        placed: &mut Vec<Placed>,
    ) -> Vec<Shift> {
        let mut shifts = Vec::with_capacity(intervals.len());
        for (index, interval) in intervals.iter().enumerate() {
            let path = format!("{path}.{index}");
            if let Some(shift) = self.shift(interval, &path) {
                let start = midnight + shift.start;
                placed.push(Placed { start, end: start + shift.seconds, path });
                shifts.push(shift);
            }
        }
        shifts.sort_unstable();
        shifts
    }

    fn shift(&mut self, interval: &IntervalSpec, path: &str) -> Option<Shift> {
        let (start, end) = (wall_seconds(&interval.start), wall_seconds(&interval.end));
        if start == Some(DAY) && end == Some(DAY) {
            self.fault(path, CalendarProblem::EmptyInterval);
            return None;
        }
        let start = start.filter(|start| *start < DAY);
        if start.is_none() {
            self.fault(format!("{path}.start"), CalendarProblem::BadTime);
        }
        if end.is_none() {
            self.fault(format!("{path}.end"), CalendarProblem::BadTime);
        }
        let (start, end) = (start?, end?);
        let end = if end <= start { end + DAY } else { end };
        Some(Shift { start, seconds: end - start })
    }

    fn date(&mut self, text: &str, path: &str) -> Option<NaiveDate> {
        let date = (text.len() == 10)
            .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
            .flatten()
            .filter(|date| (1970..3000).contains(&date.year()));
        if date.is_none() {
            self.fault(path, CalendarProblem::BadDate);
        }
        date
    }

    /// Reports each shift that begins before an earlier one has ended; `placed` is in order of start.
    fn overlaps(&mut self, placed: &[Placed]) {
        let mut reach: Option<&Placed> = None;
        for shift in placed {
            if let Some(before) = reach.filter(|before| shift.start < before.end) {
                self.fault(shift.path.clone(), CalendarProblem::Overlap(before.path.clone()));
            }
            if reach.is_none_or(|before| before.end < shift.end) {
                reach = Some(shift);
            }
        }
    }
}

/// Seconds after midnight of `HH:MM`, from 00:00 to 24:00.
fn wall_seconds(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| {
        let written = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        written.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = hours * 3_600 + minutes * 60;
    (minutes < 60 && seconds <= DAY).then_some(seconds)
}

impl From<Calendar> for CalendarSpec {
    fn from(calendar: Calendar) -> Self {
        Self::from(&calendar)
    }
}

impl From<&Calendar> for CalendarSpec {
    fn from(calendar: &Calendar) -> Self {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
            calendar.week().each_ref().map(|shifts| intervals_of(shifts));
        let weekly = WeeklySpec { monday, tuesday, wednesday, thursday, friday, saturday, sunday };
        let mut spec = Self { zone: calendar.zone().name().to_owned(), weekly, ..Self::default() };
        for exception in calendar.exceptions() {
            let (date, name) = (exception.date.to_string(), exception.name.clone());
            if exception.holiday {
                spec.holidays.push(HolidaySpec { date, name });
            } else {
                let intervals = intervals_of(&exception.hours);
                spec.overrides.push(OverrideSpec { date, name, intervals });
            }
        }
        spec
    }
}

fn intervals_of(shifts: &[Shift]) -> Vec<IntervalSpec> {
    let wall = |seconds: i64| format!("{:02}:{:02}", seconds / 3_600, seconds % 3_600 / 60);
    let interval = |shift: &Shift| {
        let end = shift.start + shift.seconds;
        let end = if end > DAY { end - DAY } else { end };
        IntervalSpec { start: wall(shift.start), end: wall(end) }
    };
    shifts.iter().map(interval).collect()
}
