//! Proofs of the clocks.

mod changes;
mod decision_table;
mod examples;
mod histories;

use std::sync::Arc;

use super::clock::Clock;
use super::happening::{Author, Event, Happening};
use super::history::rebuild;
use super::model::{ClockState, Metric, Moment};
use super::terms::{Phase, Terms};
use crate::calendars::{Calendar, Seconds};
use crate::ids::CalendarId;
use chrono::{DateTime, Utc};

/// A ticket's history, told in times of one day (2025-06-04, a Wednesday) and its neighbours.
#[derive(Default)]
struct Story {
    events: Vec<Event>,
}

impl Story {
    fn by_customer(time: &str, terms: &Terms) -> Self {
        let created = Happening::Created { by_customer: true, terms: Some(terms.clone()) };
        Self::default().then(time, created)
    }

    fn by_agent(time: &str, terms: &Terms) -> Self {
        let created = Happening::Created { by_customer: false, terms: Some(terms.clone()) };
        Self::default().then(time, created)
    }

    fn then(mut self, time: &str, happening: Happening) -> Self {
        self.events.push(Event { moment: Moment::live(at(time)), happening });
        self
    }

    /// Something that is recorded later than it happened.
    fn imported(mut self, time: &str, recorded: &str, happening: Happening) -> Self {
        let moment = Moment { at: at(time), recorded_at: at(recorded) };
        self.events.push(Event { moment, happening });
        self
    }

    fn customer(self, time: &str) -> Self {
        self.then(time, Happening::CustomerMessage { automatic: false })
    }

    fn reply(self, time: &str, message: i64) -> Self {
        self.written(time, message, Author::Person, false)
    }

    fn written(self, time: &str, message: i64, author: Author, internal: bool) -> Self {
        self.then(time, Happening::Reply { message, author, internal })
    }

    fn phase(self, time: &str, phase: Phase) -> Self {
        self.then(time, Happening::PhaseChanged(phase))
    }

    fn swept(self, time: &str) -> Self {
        self.then(time, Happening::Swept)
    }

    fn clocks(&self) -> Vec<Clock> {
        rebuild(&self.events)
    }

    /// The only clock of a metric.
    fn clock(&self, metric: Metric) -> Clock {
        let clocks = self.all(metric);
        assert_eq!(clocks.len(), 1, "{clocks:?}");
        clocks[0].clone()
    }

    fn all(&self, metric: Metric) -> Vec<Clock> {
        self.clocks().into_iter().filter(|clock| clock.metric == metric).collect()
    }

    fn states(&self, metric: Metric) -> Vec<ClockState> {
        self.all(metric).iter().map(Clock::state).collect()
    }
}

/// `10:30` on the day of the stories, or `05T10:30` on another day of that month.
fn at(time: &str) -> DateTime<Utc> {
    let text = match time.split_once('T') {
        Some((day, time)) => format!("2025-06-{day}T{time}:00Z"),
        None => format!("2025-06-04T{time}:00Z"),
    };
    text.parse().unwrap()
}

/// Four hours to the first response, two to each next one, eight to resolution, around the clock.
fn terms() -> Terms {
    Terms {
        first_response: Some(Seconds::hours(4)),
        next_response: Some(Seconds::hours(2)),
        resolution: Some(Seconds::hours(8)),
        calendar_id: CalendarId(1),
        calendar: Arc::new(Calendar::always_open()),
        pauses_waiting_customer: true,
        pauses_on_hold: true,
    }
}

/// Every day from 09:00 to 17:00, except on the given dates.
fn office(holidays: &[&str]) -> Arc<Calendar> {
    let day = serde_json::json!([{"start": "09:00", "end": "17:00"}]);
    let holidays: Vec<_> = holidays.iter().map(|date| serde_json::json!({"date": date})).collect();
    let spec = serde_json::json!({
        "zone": "UTC",
        "weekly": {
            "monday": day, "tuesday": day, "wednesday": day, "thursday": day,
            "friday": day, "saturday": day, "sunday": day,
        },
        "holidays": holidays,
    });
    Arc::new(serde_json::from_value(spec).unwrap())
}
