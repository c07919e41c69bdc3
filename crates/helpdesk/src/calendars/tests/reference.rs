//! Comparison with an independent reference: Python's zoneinfo, walking minute by minute
//! (`tests/fixtures/calendar_reference.py`).

use crate::calendars::{Calendar, CalendarSpec, Seconds};
use chrono::{DateTime, Utc};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    calendars: Vec<super::WeeklySpec>,
    targets: Vec<u32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    zone: String,
    /// The instant of the clock change, in minutes since 1970.
    change: i64,
    /// Calendar, start after the change, and the due time of each target after the start.
    rows: Vec<Vec<Option<i64>>>,
}

fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minutes * 60, 0).unwrap()
}

#[test]
fn due_times_around_every_clock_change_of_four_decades_agree_with_python() {
    let text = include_str!("../../../tests/fixtures/calendar_reference.json");
    let reference: Reference = serde_json::from_str(text).unwrap();
    let mut compared = 0;
    for case in &reference.cases {
        for row in &case.rows {
            let weekly = reference.calendars[usize::try_from(row[0].unwrap()).unwrap()].clone();
            let spec = CalendarSpec { zone: case.zone.clone(), weekly, ..CalendarSpec::default() };
            let calendar = Calendar::try_from(spec).unwrap();
            let start = minute(case.change + row[1].unwrap());
            for (target, due) in reference.targets.iter().zip(&row[2..]) {
                let Some(due) = due else { continue };
                let due = start + chrono::TimeDelta::minutes(*due);
                let target = Seconds::minutes(*target);
                assert_eq!(calendar.add(start, target), due, "{} {start} {target:?}", case.zone);
                assert_eq!(calendar.elapsed(start, due), target, "{} {start}", case.zone);
                compared += 1;
            }
        }
    }
    assert!(compared > 30_000, "{compared}");
}
