//! Worked examples of another product, told as ticket histories.

use std::sync::Arc;

use super::super::happening::{Author, Event, Happening};
use super::super::history::rebuild;
use super::super::model::{Metric, Moment};
use super::super::terms::{Phase, Terms};
use super::{Clock, terms};
use crate::calendars::{Calendar, Seconds};
use chrono::{DateTime, Utc};

fn terms_in(hours: &str, days: &[&str], minutes: [u32; 3]) -> Terms {
    let (start, end) = hours.split_once('-').unwrap();
    let interval = serde_json::json!([{"start": start, "end": end}]);
    let weekly: serde_json::Map<_, _> =
        days.iter().map(|day| ((*day).to_owned(), interval.clone())).collect();
    let spec = serde_json::json!({"zone": "Europe/Berlin", "weekly": weekly});
    let calendar: Calendar = serde_json::from_value(spec).unwrap();
    let [first_response, next_response, resolution] =
        minutes.map(|minutes| Some(Seconds::minutes(minutes)));
    Terms { first_response, next_response, resolution, calendar: Arc::new(calendar), ..terms() }
}

const WEEK: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// What happened at which time of one day, in UTC.
fn told(day: &str, events: &[(&str, Happening)]) -> Vec<Clock> {
    let event = |(time, happening): &(&str, Happening)| Event {
        moment: Moment::live(on(day, time)),
        happening: happening.clone(),
    };
    rebuild(&events.iter().map(event).collect::<Vec<_>>())
}

fn on(day: &str, time: &str) -> DateTime<Utc> {
    format!("{day}T{time}:00Z").parse().unwrap()
}

fn of(clocks: &[Clock], metric: Metric) -> Vec<&Clock> {
    clocks.iter().filter(|clock| clock.metric == metric).collect()
}

fn created(terms: &Terms) -> Happening {
    Happening::Created { by_customer: true, terms: Some(terms.clone()) }
}

fn reply(message: i64) -> Happening {
    Happening::Reply { message, author: Author::Person, internal: false }
}

#[test]
fn examples_1_and_2_one_ticket_answered_late_by_every_measure() {
    let terms = terms_in("08:00-18:00", &WEEK[..5], [60, 120, 180]);
    let day = "2013-03-21";
    let clocks = told(day, &[("09:30", created(&terms))]);
    let due = |metric| of(&clocks, metric)[0].due_at.unwrap();
    assert_eq!(due(Metric::FirstResponse), on(day, "10:30"));
    assert_eq!(due(Metric::NextResponse), on(day, "11:30"));
    assert_eq!(due(Metric::Resolution), on(day, "12:30"));
    let clocks = told(
        day,
        &[
            ("09:30", created(&terms)),
            ("12:00", reply(1)),
            ("12:05", Happening::CustomerMessage { automatic: false }),
            ("12:10", reply(2)),
            ("13:00", Happening::PhaseChanged(Phase::Done)),
        ],
    );
    let next = of(&clocks, Metric::NextResponse);
    assert_eq!(
        (next[0].consumed, next[0].breached_at),
        (Seconds::minutes(150), Some(on(day, "11:30")))
    );
    assert_eq!((next[1].due_at, next[1].breached_at), (Some(on(day, "14:05")), None));
    let resolution = of(&clocks, Metric::Resolution)[0];
    assert_eq!(resolution.consumed, Seconds::minutes(210));
    assert_eq!(resolution.breached_at, Some(on(day, "12:30")));
}

/// The resolution clock of a ticket of 2013-06-04 that waits for the customer in each of the pauses.
fn paused(minutes: u32, pauses: &[(&str, &str)], resolved: Option<&str>) -> Clock {
    let terms = terms_in("09:00-18:00", &WEEK, [60, 60, minutes]);
    let mut events = vec![("09:00", created(&terms))];
    for (from, to) in pauses {
        events.push((*from, Happening::PhaseChanged(Phase::WaitingCustomer)));
        events.push((*to, Happening::PhaseChanged(Phase::Working)));
    }
    events.extend(resolved.map(|time| (time, Happening::PhaseChanged(Phase::Done))));
    of(&told("2013-06-04", &events), Metric::Resolution)[0].clone()
}

fn june(time: &str) -> Option<DateTime<Utc>> {
    Some(on("2013-06-04", time))
}

#[test]
fn example_3_two_pauses_move_the_deadline() {
    let clock = paused(120, &[("09:30", "09:45"), ("10:00", "10:30")], None);
    assert_eq!(clock.due_at, june("11:45"));
}

#[test]
fn example_4_the_deadline_is_closing_time() {
    let clock = paused(120, &[("10:00", "15:00")], None);
    assert_eq!(clock.due_at, june("16:00"));
}

#[test]
fn examples_5_to_7_only_running_time_is_consumed() {
    let clock = paused(250, &[("10:00", "10:30")], Some("12:00"));
    assert_eq!((clock.consumed, clock.breached_at), (Seconds::minutes(150), None));
    let clock = paused(240, &[("09:00", "12:00")], Some("12:00"));
    assert_eq!((clock.consumed, clock.fulfilled_at), (Seconds::ZERO, june("12:00")));
    let clock = paused(240, &[("09:00", "10:30"), ("11:00", "11:30")], Some("12:00"));
    assert_eq!((clock.consumed, clock.breached_at), (Seconds::minutes(60), None));
}
