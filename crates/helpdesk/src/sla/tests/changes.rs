//! What changes of calendars, policies and tickets do to time that is used already.

use super::super::happening::Happening;
use super::super::model::{BreachCause, CancelReason, ClockState, Metric};
use super::super::terms::{Phase, Terms};
use super::{Story, at, office, terms};
use crate::calendars::Seconds;
use crate::ids::CalendarId;

use ClockState::{Cancelled, Fulfilled, Running};
use Metric::{FirstResponse, NextResponse, Resolution};

/// Another calendar: open from 09:00 to 17:00.
fn office_hours() -> Terms {
    Terms { calendar_id: CalendarId(2), calendar: office(&[]), ..terms() }
}

fn changed(terms: &Terms) -> Happening {
    Happening::TermsChanged(terms.clone())
}

fn absorbed(since: &str, never_answered: bool) -> Happening {
    Happening::Absorbed { unanswered_since: Some(at(since)), never_answered }
}

#[test]
fn what_was_used_in_one_calendar_stays_used_when_the_policy_brings_another() {
    // Nothing of the night counts in the office: the target runs from the change on.
    let story = Story::by_customer("02:00", &office_hours()).then("08:00", changed(&terms()));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.due_at, clock.breached_at), (Some(at("12:00")), None));
    assert_eq!(clock.consumed, Seconds::ZERO);
    // Six hours around the clock are not forgiven when the office, which was closed, takes over.
    let story = Story::by_customer("02:00", &terms()).then("05:00", changed(&office_hours()));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.consumed, clock.due_at), (Seconds::hours(3), Some(at("10:00"))));
    let story = story.phase("10:00", Phase::OnHold).then("11:00", changed(&terms()));
    let clock = story.clock(Resolution);
    assert_eq!((clock.consumed, clock.due_at), (Seconds::hours(4), None));
    let story = story.phase("12:00", Phase::Working);
    assert_eq!(story.clock(Resolution).due_at, Some(at("16:00")));
    assert_eq!(story.swept("20:00").clock(Resolution).cause, Some(BreachCause::Elapsed));
}

#[test]
fn a_target_that_was_used_up_in_the_other_calendar_was_missed_then() {
    let strict = Terms { first_response: Some(Seconds::hours(2)), ..office_hours() };
    let story = Story::by_customer("02:00", &terms()).then("05:00", changed(&strict));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.breached_at, clock.cause), (Some(at("04:00")), Some(BreachCause::Retarget)));
    assert_eq!((clock.detected_at, clock.due_at), (Some(at("05:00")), Some(at("04:00"))));
    let stricter = Terms { first_response: Some(Seconds::hours(1)), ..terms() };
    let story = Story::by_customer("08:00", &office_hours())
        .then("09:30", changed(&terms()))
        .then("11:00", changed(&stricter));
    let clock = story.clock(FirstResponse);
    assert_eq!(clock.breached_at, Some(at("10:00")), "half an hour of each");
}

#[test]
fn an_edit_of_a_calendar_counts_anew_what_was_counted_by_it_and_nothing_else() {
    let closed_today = Happening::CalendarEdited(office(&["2025-06-04"]));
    let story = Story::by_customer("08:00", &terms())
        .then("10:00", changed(&office_hours()))
        .then("12:00", closed_today);
    let clock = story.clock(Resolution);
    assert_eq!(clock.due_at, Some(at("05T15:00")), "two hours are used, six are left");
    let intervals: Vec<_> = clock
        .counted(at("05T10:00"), &office(&["2025-06-04"]))
        .map(|open| (open.opens_at, open.closes_at))
        .collect();
    let expected = [(at("08:00"), at("10:00")), (at("05T09:00"), at("05T10:00"))];
    assert_eq!(intervals, expected);
}

#[test]
fn the_same_calendar_in_another_policy_counts_on_as_if_nothing_had_been() {
    let short = Terms { resolution: Some(Seconds::hours(2)), ..office_hours() };
    let story = Story::by_customer("08:00", &office_hours()).then("12:30", changed(&short));
    let clock = story.clock(Resolution);
    assert_eq!((clock.breached_at, clock.ran.len()), (Some(at("11:00")), 0));
}

#[test]
fn a_reopened_ticket_keeps_what_was_used_and_counts_on_by_the_hours_of_now() {
    let closed = Happening::CalendarEdited(office(&["2025-06-04", "2025-06-05"]));
    let story = Story::by_customer("08:00", &office_hours())
        .reply("10:00", 1)
        .phase("11:00", Phase::Done)
        .then("12:00", closed)
        .phase("13:00", Phase::Working)
        .customer("13:00");
    let clock = story.clock(Resolution);
    assert_eq!((clock.consumed, clock.due_at), (Seconds::hours(2), Some(at("06T15:00"))));
    assert_eq!(story.all(NextResponse)[1].due_at, Some(at("06T11:00")));
    let elsewhere = Story::by_customer("08:00", &office_hours())
        .phase("11:00", Phase::Done)
        .then("12:00", changed(&terms()))
        .phase("13:00", Phase::Working);
    assert_eq!(elsewhere.clock(Resolution).due_at, Some(at("19:00")));
}

#[test]
fn a_reply_that_bounces_after_the_calendar_changed_leaves_what_was_used_before() {
    let story = Story::by_customer("02:00", &terms())
        .reply("03:00", 1)
        .then("04:00", changed(&office_hours()))
        .then("05:00", Happening::Bounced { message: 1 });
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.state(), clock.consumed), (Running, Seconds::hours(3)));
    assert_eq!(clock.due_at, Some(at("10:00")));
}

#[test]
fn a_reply_that_had_bounced_and_arrives_after_all_answers_what_was_asked_before_it() {
    let bounced = || Happening::Bounced { message: 1 };
    let delivered = || Happening::Delivered { message: 1 };
    let story = Story::by_customer("08:00", &terms())
        .reply("09:00", 1)
        .then("09:10", bounced())
        .then("11:00", delivered());
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.fulfilled_at, clock.fulfilled_by), (Some(at("11:00")), Some(1)));
    assert_eq!(story.states(NextResponse), [Fulfilled]);
    let before = story.clocks();
    assert_eq!(story.then("11:30", delivered()).clocks(), before, "it arrives once");
    // Who has written since still waits, and since then.
    let story = Story::by_customer("08:00", &terms())
        .reply("09:00", 1)
        .then("09:10", bounced())
        .customer("10:00")
        .customer("10:30")
        .then("13:00", delivered());
    assert_eq!(story.states(NextResponse), [Fulfilled, Running]);
    let next = &story.all(NextResponse)[1];
    assert_eq!((next.started_at, next.breached_at), (at("10:00"), Some(at("12:00"))));
    assert_eq!((next.detected_at, next.cause), (Some(at("13:00")), Some(BreachCause::Elapsed)));
    // Another answer came first: there is nothing left to answer.
    let story = Story::by_customer("08:00", &terms())
        .reply("09:00", 1)
        .then("09:10", bounced())
        .customer("10:00")
        .reply("10:30", 2)
        .then("13:00", delivered());
    assert_eq!(story.states(NextResponse), [Fulfilled]);
    let story = story.then("14:00", bounced());
    assert_eq!(story.clock(FirstResponse).fulfilled_by, Some(2));
    let never = Story::by_customer("08:00", &terms()).then("09:00", delivered());
    assert_eq!(never.states(FirstResponse), [Running], "what never bounced says nothing");
}

#[test]
fn a_customer_who_never_had_an_answer_is_owed_one_by_the_survivor_whatever_it_promises() {
    let without = Terms { next_response: None, ..terms() };
    let waiting = Story::by_customer("08:00", &without).then("09:00", absorbed("06:00", true));
    let first = waiting.clock(FirstResponse);
    assert_eq!((first.started_at, first.due_at), (at("06:00"), Some(at("10:00"))));
    assert_eq!(waiting.all(NextResponse), [], "the first response is what both wait for");
    let answered = Story::by_customer("08:00", &without).reply("08:30", 1);
    let story = answered.then("09:00", absorbed("06:00", true));
    let owed = story.clock(NextResponse);
    assert_eq!((owed.started_at, owed.due_at), (at("06:00"), Some(at("10:00"))));
    let first = story.clock(FirstResponse);
    assert_eq!((first.state(), first.started_at), (Fulfilled, at("08:00")));
    let story = story.then("09:10", Happening::CalendarEdited(terms().calendar));
    assert_eq!(story.states(NextResponse), [Running]);
    let shorter = Terms { first_response: Some(Seconds::hours(3)), ..without.clone() };
    let story = story.then("09:20", changed(&shorter));
    assert_eq!(story.clock(NextResponse).breached_at, Some(at("09:00")));
    assert_eq!(story.reply("09:30", 2).states(NextResponse), [Fulfilled]);
    let by_agent = Story::by_agent("08:00", &without).then("09:00", absorbed("06:00", true));
    assert_eq!(by_agent.states(NextResponse), [Running]);
}

#[test]
fn a_customer_who_had_an_answer_in_the_other_ticket_is_owed_what_the_survivor_promises_next() {
    let without = Terms { next_response: None, ..terms() };
    let waiting = Story::by_customer("08:00", &without).then("09:00", absorbed("06:00", false));
    assert_eq!(waiting.clock(FirstResponse).started_at, at("08:00"));
    assert_eq!(waiting.all(NextResponse), []);
    let promised = Story::by_customer("08:00", &terms()).then("09:00", absorbed("06:00", false));
    assert_eq!(promised.clock(NextResponse).started_at, at("06:00"));
    assert_eq!(promised.clock(FirstResponse).started_at, at("08:00"));
}

#[test]
fn somebody_who_waits_since_earlier_is_counted_from_then_in_any_calendar() {
    let story = Story::by_customer("08:00", &terms())
        .then("09:00", changed(&office_hours()))
        .then("10:00", absorbed("07:00", true));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.started_at, clock.due_at), (at("07:00"), Some(at("12:00"))));
}

#[test]
fn a_ticket_that_ended_with_its_policy_begins_anew_under_the_terms_that_it_is_given() {
    let story = Story::by_customer("08:00", &terms())
        .phase("09:00", Phase::Done)
        .then("10:00", Happening::PolicyDeactivated)
        .then("11:00", changed(&terms()))
        .customer("11:00")
        .phase("11:00", Phase::Working);
    let reasons = story.all(FirstResponse)[0].cancelled.map(|end| end.reason);
    assert_eq!(reasons, Some(CancelReason::PolicyDeactivated));
    assert_eq!(story.states(NextResponse), [Cancelled, Running]);
    let clock = story.clock(Resolution);
    assert_eq!((clock.state(), clock.due_at), (Running, Some(at("18:00"))));
}
