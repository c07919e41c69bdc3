//! Properties of random histories in random calendars.

use std::sync::{Arc, LazyLock};

use super::super::happening::{Author, Event, Happening};
use super::super::history::{TicketClocks, rebuild};
use super::super::model::{ClockState, Metric, Moment};
use super::super::terms::{Phase, Terms};
use crate::calendars::{Calendar, Seconds};
use crate::ids::CalendarId;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

static CALENDARS: LazyLock<[Arc<Calendar>; 4]> = LazyLock::new(|| {
    let week = |zone: &str, hours: serde_json::Value| {
        let spec = serde_json::json!({
            "zone": zone,
            "weekly": {"monday": hours, "tuesday": hours, "thursday": hours, "sunday": hours},
            "holidays": [{"date": "2025-03-31"}],
            "overrides": [{"date": "2025-04-02", "intervals": [{"start": "10:00", "end": "12:00"}]}],
        });
        Arc::new(serde_json::from_value(spec).unwrap())
    };
    let office = serde_json::json!([
        {"start": "09:00", "end": "12:30"}, {"start": "13:00", "end": "17:00"},
    ]);
    [
        Arc::new(Calendar::always_open()),
        week("Europe/Berlin", office),
        week("Asia/Kamchatka", serde_json::json!([{"start": "22:00", "end": "06:00"}])),
        week("Europe/Berlin", serde_json::json!([{"start": "00:30", "end": "02:30"}])),
    ]
});

fn calendars() -> impl Strategy<Value = Arc<Calendar>> {
    (0..CALENDARS.len()).prop_map(|index| Arc::clone(&CALENDARS[index]))
}

fn terms() -> impl Strategy<Value = Terms> {
    let target = || proptest::option::weighted(0.8, (1..100_000_u64).prop_map(Seconds::new));
    let pauses = any::<(bool, bool)>();
    (target(), target(), target(), 1..4_i64, calendars(), pauses).prop_map(
        |(first_response, next_response, resolution, id, calendar, (waiting, hold))| Terms {
            first_response,
            next_response,
            resolution,
            calendar_id: CalendarId(id),
            calendar,
            pauses_waiting_customer: waiting,
            pauses_on_hold: hold,
        },
    )
}

fn phases() -> impl Strategy<Value = Phase> {
    prop::sample::select(vec![Phase::Working, Phase::WaitingCustomer, Phase::OnHold, Phase::Done])
}

fn happenings() -> impl Strategy<Value = Happening> {
    let author = || prop::sample::select(vec![Author::Person, Author::Person, Author::Bot]);
    let reply = (0..6_i64, author(), any::<bool>());
    let metric = prop::sample::select(vec![Metric::FirstResponse, Metric::NextResponse]);
    prop_oneof![
        4 => any::<bool>().prop_map(|automatic| Happening::CustomerMessage { automatic }),
        6 => reply.prop_map(|(message, author, internal)| {
            Happening::Reply { message, author, internal }
        }),
        3 => (0..6_i64).prop_map(|message| Happening::Bounced { message }),
        2 => (0..6_i64).prop_map(|message| Happening::Delivered { message }),
        8 => phases().prop_map(Happening::PhaseChanged),
        3 => terms().prop_map(Happening::TermsChanged),
        2 => calendars().prop_map(Happening::CalendarEdited),
        1 => Just(Happening::PolicyDeactivated),
        1 => Just(Happening::MergedAway),
        1 => (-50_000..0_i64, any::<bool>()).prop_map(|(ago, never_answered)| {
            let unanswered_since = DateTime::from_timestamp(START + ago, 0);
            Happening::Absorbed { unanswered_since, never_answered }
        }),
        2 => (metric, 1..3_u32).prop_map(|(metric, number)| Happening::Warned { metric, number }),
        5 => Just(Happening::Swept),
    ]
}

/// Saturday before a change to summer time in Europe.
const START: i64 = 1_743_206_400;

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let steps = proptest::collection::vec((0..60_000_i64, happenings()), 0..25);
    (terms(), any::<bool>(), 0..400_000_i64, steps).prop_map(
        |(terms, by_customer, imported, steps)| {
            let created = Happening::Created { by_customer, terms: Some(terms) };
            let recorded = START + if imported > 200_000 { imported } else { 0 };
            let mut now = START;
            let mut events = Vec::new();
            for (step, happening) in std::iter::once((0, created)).chain(steps) {
                now += step;
                let instant = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
                let moment = Moment { at: instant(now), recorded_at: instant(now.max(recorded)) };
                events.push(Event { moment, happening });
            }
            events
        },
    )
}

/// The first public reply by a person that never bounces, looked up in the whole history.
fn first_answer(events: &[Event]) -> Option<DateTime<Utc>> {
    let bounces = |index: usize, id: i64| {
        events[index..].iter().any(|event| event.happening == Happening::Bounced { message: id })
    };
    let answer = |(index, event): (usize, &Event)| match event.happening {
        Happening::Reply { message, author: Author::Person, internal: false } => {
            (!bounces(index, message)).then_some(event.moment.at)
        }
        _ => None,
    };
    events.iter().enumerate().find_map(answer)
}

/// The time in which resolution was worked on, second by second of the phases, around the clock.
fn worked(events: &[Event], terms: &Terms) -> TimeDelta {
    let mut total = TimeDelta::zero();
    let mut phase = Phase::Working;
    for pair in events.windows(2) {
        if let Happening::PhaseChanged(next) = pair[0].happening {
            phase = next;
        }
        let counts = match phase {
            Phase::Working => true,
            Phase::WaitingCustomer => !terms.pauses_waiting_customer,
            Phase::OnHold => !terms.pauses_on_hold,
            Phase::Done => false,
        };
        if counts {
            total += pair[1].moment.at - pair[0].moment.at;
        }
    }
    total
}

fn ends_clocks(happening: &Happening) -> bool {
    matches!(
        happening,
        Happening::TermsChanged(_)
            | Happening::CalendarEdited(_)
            | Happening::PolicyDeactivated
            | Happening::MergedAway
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn clocks_stored_after_every_event_equal_those_rebuilt_in_one_go(events in histories()) {
        let mut stored = serde_json::to_string(&TicketClocks::default()).unwrap();
        for event in &events {
            let mut ticket: TicketClocks = serde_json::from_str(&stored).unwrap();
            ticket.apply(event);
            stored = serde_json::to_string(&ticket).unwrap();
        }
        let ticket: TicketClocks = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(ticket.clocks(), rebuild(&events));
    }

    #[test]
    fn every_clock_makes_sense_after_every_event(events in histories()) {
        let mut ticket = TicketClocks::default();
        for event in &events {
            let before = ticket.clocks().to_vec();
            ticket.apply(event);
            let now = event.moment;
            for (index, clock) in ticket.clocks().iter().enumerate() {
                prop_assert_eq!(clock.running_since.is_some(), clock.state() == ClockState::Running);
                prop_assert_eq!(clock.breached_at.is_some(), clock.detected_at.is_some());
                prop_assert_eq!(clock.breached_at.is_some(), clock.cause.is_some());
                prop_assert!(clock.breached_at.is_none_or(|due| due <= now.at));
                prop_assert!(clock.breached_at <= clock.detected_at);
                prop_assert!(clock.ran.iter().all(|ran| ran.from <= ran.to && ran.to <= now.at));
                match clock.state() {
                    ClockState::Running => prop_assert!(clock.due_at.is_some()),
                    ClockState::Paused => prop_assert_eq!(clock.due_at, None),
                    _ => {}
                }
                if let (Some(due), Some(end), None) = (clock.due_at, clock.fulfilled_at, clock.breached_at) {
                    prop_assert!(end <= due);
                }
                if let Some(old) = before.get(index) {
                    prop_assert_eq!((old.metric, old.number), (clock.metric, clock.number));
                    prop_assert!(old.breached_at.is_none() || old.breached_at == clock.breached_at);
                }
            }
        }
    }

    #[test]
    fn the_first_response_is_the_first_public_reply_that_arrived(events in histories()) {
        let delivered = |event: &Event| matches!(event.happening, Happening::Delivered { .. });
        let disturbs = |event: &Event| ends_clocks(&event.happening) || delivered(event);
        let undisturbed = !events.iter().any(disturbs);
        for clock in rebuild(&events) {
            if clock.metric == Metric::FirstResponse && undisturbed {
                prop_assert_eq!(clock.fulfilled_at, first_answer(&events));
            }
        }
    }

    #[test]
    fn resolution_consumes_the_time_in_which_it_was_worked_on(
        mut events in histories(),
        target in 1..1_000_000_u64,
        pauses in any::<(bool, bool)>(),
    ) {
        let terms = Terms {
            first_response: None,
            next_response: None,
            resolution: Some(Seconds::new(target)),
            calendar_id: CalendarId(1),
            calendar: Arc::new(Calendar::always_open()),
            pauses_waiting_customer: pauses.0,
            pauses_on_hold: pauses.1,
        };
        events.retain(|event| !ends_clocks(&event.happening));
        events[0].happening = Happening::Created { by_customer: true, terms: Some(terms.clone()) };
        let clocks = rebuild(&events);
        let now = events[events.len() - 1].moment.at;
        let consumed = clocks[0].consumed_until(now, &terms.calendar);
        let worked = worked(&events, &terms).num_seconds();
        prop_assert_eq!(consumed.get(), u64::try_from(worked).unwrap());
        if clocks[0].breached_at.is_some() {
            prop_assert!(consumed.get() >= target);
        }
    }
}
