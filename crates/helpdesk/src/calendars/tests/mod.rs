//! Proofs of the calendar arithmetic.

mod examples;
mod faults;
mod properties;
mod reference;
mod rules;

use super::spec::{CalendarSpec, HolidaySpec, IntervalSpec, OverrideSpec, WeeklySpec};
use super::{Calendar, Seconds};
use chrono::{DateTime, Utc};

/// A calendar from `zone` and lines like `mon-fri 09:00-12:00 13:00-17:00`, `2025-12-25 closed`,
/// `2025-12-24 09:00-12:00` and `2026-01-01 holiday`.
fn calendar(zone: &str, lines: &[&str]) -> Calendar {
    Calendar::try_from(spec(zone, lines)).unwrap()
}

fn spec(zone: &str, lines: &[&str]) -> CalendarSpec {
    let mut spec = CalendarSpec { zone: zone.to_owned(), ..CalendarSpec::default() };
    for line in lines {
        let (day, hours) = line.split_once(' ').unwrap();
        let date = day.to_owned();
        match hours {
            "holiday" => spec.holidays.push(HolidaySpec { date, name: None }),
            "closed" => spec.overrides.push(OverrideSpec { date, name: None, intervals: vec![] }),
            _ if day.starts_with(char::is_numeric) => {
                let intervals = intervals(hours);
                spec.overrides.push(OverrideSpec { date, name: None, intervals });
            }
            _ => weekdays(&mut spec.weekly, day, &intervals(hours)),
        }
    }
    spec
}

fn weekdays(weekly: &mut WeeklySpec, days: &str, hours: &[IntervalSpec]) {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let number = |name: &str| names.iter().position(|known| *known == name).unwrap();
    for part in days.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        for day in number(first)..=number(last) {
            weekday(weekly, day).extend_from_slice(hours);
        }
    }
}

fn weekday(weekly: &mut WeeklySpec, day: usize) -> &mut Vec<IntervalSpec> {
    match day {
        0 => &mut weekly.monday,
        1 => &mut weekly.tuesday,
        2 => &mut weekly.wednesday,
        3 => &mut weekly.thursday,
        4 => &mut weekly.friday,
        5 => &mut weekly.saturday,
        _ => &mut weekly.sunday,
    }
}

fn intervals(hours: &str) -> Vec<IntervalSpec> {
    let interval = |text: &str| {
        let (start, end) = text.split_once('-').unwrap();
        IntervalSpec { start: start.to_owned(), end: end.to_owned() }
    };
    hours.split(' ').map(interval).collect()
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn minutes(minutes: u32) -> Seconds {
    Seconds::minutes(minutes)
}
