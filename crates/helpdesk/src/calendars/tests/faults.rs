//! What is refused, and with which words.

use super::spec;
use crate::calendars::{Calendar, CalendarSpec};

fn faults(spec: CalendarSpec) -> Vec<String> {
    let faults = Calendar::try_from(spec).unwrap_err();
    faults.0.iter().map(|fault| format!("{}: {}", fault.path, fault.problem)).collect()
}

#[test]
fn an_unknown_zone_is_refused() {
    for zone in ["Europe/Atlantis", "", "europe/berlin", "+03:00"] {
        let found = faults(spec(zone, &["mon 09:00-17:00"]));
        let hint = "use an IANA name such as Europe/Berlin";
        assert_eq!(found, [format!("zone: Unknown time zone \"{zone}\"; {hint}")]);
    }
}

#[test]
fn a_week_without_open_time_is_refused_even_with_open_dates() {
    let found = faults(spec("UTC", &["2025-01-01 09:00-17:00"]));
    assert_eq!(found, ["weekly: Calendar must have open time in its week"]);
}

#[test]
fn overlapping_shifts_of_one_day_are_refused() {
    let found = faults(spec("UTC", &["mon 09:00-17:00 10:00-11:00 12:00-13:00 17:00-18:00"]));
    let overlap = "Interval overlaps weekly.monday.0";
    let expected = [format!("weekly.monday.1: {overlap}"), format!("weekly.monday.2: {overlap}")];
    assert_eq!(found, expected);
}

#[test]
fn a_night_shift_must_end_before_the_next_day_begins_work() {
    let found = faults(spec("UTC", &["mon 22:00-06:00", "tue 05:59-12:00", "wed 06:00-12:00"]));
    assert_eq!(found, ["weekly.tuesday.0: Interval overlaps weekly.monday.0"]);
    let found = faults(spec("UTC", &["sun 22:00-06:00", "mon 04:00-05:00"]));
    assert_eq!(found, ["weekly.monday.0: Interval overlaps weekly.sunday.0"]);
}

#[test]
fn overlapping_shifts_of_an_override_are_refused() {
    let lines = ["mon 09:00-17:00", "2025-01-01 09:00-12:00 22:00-06:00 23:00-23:30"];
    let path = "overrides.0.intervals";
    assert_eq!(faults(spec("UTC", &lines)), [format!("{path}.2: Interval overlaps {path}.1")]);
}

#[test]
fn times_that_are_none_and_empty_intervals_are_refused() {
    let hours = "9:00-17:00 09:60-17:00 09:00-24:01 24:00-06:00 24:00-24:00 +9:00-10:00 09-10";
    let hint = "Time must be HH:MM between 00:00 and 23:59 (24:00 as an end)";
    let expected = [
        format!("weekly.monday.0.start: {hint}"),
        format!("weekly.monday.1.start: {hint}"),
        format!("weekly.monday.2.end: {hint}"),
        format!("weekly.monday.3.start: {hint}"),
        "weekly.monday.4: Interval begins and ends at the same time; a whole day is written 00:00 to 24:00"
            .to_owned(),
        format!("weekly.monday.5.start: {hint}"),
        format!("weekly.monday.6.start: {hint}"),
        format!("weekly.monday.6.end: {hint}"),
    ];
    assert_eq!(faults(spec("UTC", &[&format!("mon {hours}")])), expected);
}

#[test]
fn a_date_given_twice_is_refused() {
    let lines = ["mon 09:00-17:00", "2025-01-01 holiday", "2025-01-01 09:00-10:00"];
    let found = faults(spec("UTC", &lines));
    assert_eq!(found, ["overrides.0.date: Date is given more than once, first in holidays.0"]);
}

#[test]
fn dates_that_are_none_are_refused() {
    let mut written = spec("UTC", &["mon 09:00-17:00", "2025-01-01 holiday"]);
    for date in ["2025-02-29", "2025-1-1", "1969-12-31", "3000-01-01", "+025-01-01", "20250101"] {
        date.clone_into(&mut written.holidays[0].date);
        let hint = "Date must be YYYY-MM-DD, between 1970 and 2999";
        assert_eq!(faults(written.clone()), [format!("holidays.0.date: {hint}")], "{date}");
    }
}

#[test]
fn all_faults_are_reported_together() {
    let lines = [
        "mon 09:00-17:00 16:00-18:00",
        "tue 25:00-26:00",
        "2025-13-01 holiday",
        "2025-01-01 09:00-xx:00",
    ];
    let found = faults(spec("Mars/Phobos", &lines));
    let paths: Vec<_> = found.iter().filter_map(|fault| fault.split(": ").next()).collect();
    let expected = [
        "zone",
        "weekly.tuesday.0.start",
        "weekly.tuesday.0.end",
        "weekly.monday.1",
        "holidays.0.date",
        "overrides.0.intervals.0.end",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn misspelt_fields_are_refused_when_read_from_json() {
    let read = |json| serde_json::from_value::<Calendar>(json).map_err(|error| error.to_string());
    let misspelt = serde_json::json!({"zone": "UTC", "weekly": {"mondya": []}});
    assert!(read(misspelt).unwrap_err().contains("unknown field `mondya`"));
    let empty = serde_json::json!({"zone": "Nowhere"});
    let found = read(empty).unwrap_err();
    assert!(found.contains("zone: Unknown time zone"), "{found}");
    assert!(found.contains("weekly: Calendar must have open time"), "{found}");
}
