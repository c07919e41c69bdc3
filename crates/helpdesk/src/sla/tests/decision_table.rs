//! Every row of the decision table.

use super::super::happening::{Author, Happening};
use super::super::model::{BreachCause, CancelReason, ClockState, Metric};
use super::super::terms::{Phase, Terms};
use super::{Story, at, office, terms};
use crate::calendars::Seconds;

use ClockState::{Cancelled, Fulfilled, Paused, Running};
use Metric::{FirstResponse, NextResponse, Resolution};

fn bounced(message: i64) -> Happening {
    Happening::Bounced { message }
}

fn retargeted(resolution: u32) -> Happening {
    Happening::TermsChanged(Terms { resolution: Some(Seconds::hours(resolution)), ..terms() })
}

#[test]
fn a_customers_ticket_starts_all_three_clocks() {
    let story = Story::by_customer("08:00", &terms());
    assert_eq!(story.clock(FirstResponse).due_at, Some(at("12:00")));
    assert_eq!(story.clock(NextResponse).due_at, Some(at("10:00")));
    assert_eq!(story.clock(Resolution).due_at, Some(at("16:00")));
}

#[test]
fn an_agents_ticket_has_no_first_response_and_the_customers_first_message_starts_next_response() {
    let story = Story::by_agent("08:00", &terms());
    assert_eq!(story.all(FirstResponse), []);
    assert_eq!(story.all(NextResponse), []);
    let story = story.reply("08:10", 1).customer("09:00");
    assert_eq!(story.all(FirstResponse), []);
    assert_eq!(story.clock(NextResponse).due_at, Some(at("11:00")));
}

#[test]
fn notes_bots_automatic_answers_and_the_system_fulfil_nothing() {
    let story = Story::by_customer("08:00", &terms())
        .written("08:01", 1, Author::Person, true)
        .written("08:02", 2, Author::Bot, false)
        .written("08:03", 3, Author::AutoReply, false)
        .written("08:04", 4, Author::System, false);
    assert_eq!(story.states(FirstResponse), [Running]);
    assert_eq!(story.states(NextResponse), [Running]);
    let story = story.reply("08:05", 5);
    assert_eq!(story.clock(FirstResponse).fulfilled_at, Some(at("08:05")));
    assert_eq!(story.clock(NextResponse).fulfilled_by, Some(5));
    assert_eq!(story.states(Resolution), [Running]);
}

#[test]
fn a_further_message_of_a_waiting_customer_starts_no_further_clock() {
    let story = Story::by_customer("08:00", &terms()).customer("09:00").reply("09:30", 1);
    assert_eq!(story.states(NextResponse), [Fulfilled]);
    let story = story.then("09:40", Happening::CustomerMessage { automatic: true });
    assert_eq!(story.states(NextResponse), [Fulfilled]);
    let story = story.customer("10:00").customer("10:30");
    let clocks = story.all(NextResponse);
    assert_eq!((clocks.len(), clocks[1].number), (2, 2));
    assert_eq!(clocks[1].due_at, Some(at("12:00")));
}

#[test]
fn a_reply_that_bounces_later_lets_the_clock_go_on_from_its_original_start() {
    let story = Story::by_customer("08:00", &terms()).reply("09:00", 1).then("10:00", bounced(1));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.state(), clock.due_at), (Running, Some(at("12:00"))));
    assert_eq!((clock.running_since, clock.fulfilled_by), (Some(at("08:00")), None));
    let story = story.reply("11:00", 2);
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.fulfilled_at, clock.breached_at), (Some(at("11:00")), None));
    assert_eq!(clock.consumed, Seconds::hours(3));
}

#[test]
fn a_bounce_after_the_deadline_is_a_breach_at_the_deadline() {
    let story = Story::by_customer("08:00", &terms()).reply("09:00", 1).then("13:00", bounced(1));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.breached_at, clock.detected_at), (Some(at("12:00")), Some(at("13:00"))));
    assert_eq!(clock.cause, Some(BreachCause::Elapsed));
}

#[test]
fn a_bounce_that_a_later_reply_made_up_for_leaves_the_clock_fulfilled_by_that_one() {
    let story = Story::by_customer("08:00", &terms())
        .reply("09:00", 1)
        .reply("13:00", 2)
        .then("14:00", bounced(1));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.fulfilled_at, clock.fulfilled_by), (Some(at("13:00")), Some(2)));
    assert_eq!((clock.breached_at, clock.detected_at), (Some(at("12:00")), Some(at("14:00"))));
    let story = story.then("15:00", bounced(2));
    assert_eq!(story.states(FirstResponse), [Running]);
}

#[test]
fn a_bounce_of_another_reply_changes_nothing() {
    let story = Story::by_customer("08:00", &terms()).reply("09:00", 1).reply("09:10", 2);
    let before = story.clocks();
    assert_eq!(story.then("10:00", bounced(2)).clocks(), before);
}

#[test]
fn a_pause_takes_the_deadline_away_and_keeps_what_was_consumed() {
    let story = Story::by_customer("08:00", &terms()).phase("09:00", Phase::WaitingCustomer);
    let clock = story.clock(Resolution);
    assert_eq!((clock.state(), clock.due_at), (Paused, None));
    assert_eq!(clock.consumed, Seconds::hours(1));
    let story = story.swept("20:00").phase("21:00", Phase::Working);
    let clock = story.clock(Resolution);
    assert_eq!((clock.due_at, clock.breached_at), (Some(at("05T04:00")), None));
    let story = story.phase("22:00", Phase::OnHold);
    assert_eq!(story.clock(Resolution).consumed, Seconds::hours(2));
}

#[test]
fn responses_never_pause_and_the_policy_says_where_resolution_does() {
    let story = Story::by_customer("08:00", &terms()).phase("09:00", Phase::OnHold);
    assert_eq!(story.states(FirstResponse), [Running]);
    assert_eq!(story.states(NextResponse), [Running]);
    let steady = Terms { pauses_on_hold: false, ..terms() };
    let story = Story::by_customer("08:00", &steady).phase("09:00", Phase::OnHold);
    assert_eq!(story.states(Resolution), [Running]);
    let story = story.phase("10:00", Phase::WaitingCustomer);
    assert_eq!(story.states(Resolution), [Paused]);
}

#[test]
fn another_priority_keeps_the_instance_and_what_was_consumed() {
    let story = Story::by_customer("08:00", &terms())
        .phase("09:00", Phase::OnHold)
        .then("09:30", retargeted(4))
        .phase("10:00", Phase::Working);
    let clock = story.clock(Resolution);
    assert_eq!((clock.number, clock.consumed), (1, Seconds::hours(1)));
    assert_eq!((clock.target, clock.due_at), (Seconds::hours(4), Some(at("13:00"))));
    assert_eq!(story.swept("13:00").clock(Resolution).cause, Some(BreachCause::Elapsed));
}

#[test]
fn an_earlier_breach_stays_when_the_target_becomes_longer() {
    let story = Story::by_customer("08:00", &terms()).then("16:01", retargeted(24));
    let clock = story.clock(Resolution);
    assert_eq!((clock.breached_at, clock.cause), (Some(at("16:00")), Some(BreachCause::Elapsed)));
    assert_eq!(clock.due_at, Some(at("05T08:00")));
}

#[test]
fn a_breach_caused_by_a_new_target_says_so() {
    let story = Story::by_customer("08:00", &terms()).then("12:30", retargeted(3));
    let clock = story.clock(Resolution);
    assert_eq!((clock.breached_at, clock.detected_at), (Some(at("11:00")), Some(at("12:30"))));
    assert_eq!(clock.cause, Some(BreachCause::Retarget));
    let paused = Story::by_customer("08:00", &terms())
        .phase("10:00", Phase::OnHold)
        .phase("11:00", Phase::Working)
        .phase("14:00", Phase::OnHold)
        .then("20:00", retargeted(3));
    let clock = paused.clock(Resolution);
    assert_eq!((clock.state(), clock.breached_at), (Paused, Some(at("12:00"))));
    assert_eq!(clock.cause, Some(BreachCause::Retarget));
}

#[test]
fn a_target_used_up_exactly_when_the_clock_pauses_is_due_when_it_resumes() {
    let story = Story::by_customer("08:00", &terms()).phase("16:00", Phase::OnHold);
    assert_eq!(story.clock(Resolution).breached_at, None);
    let story = story.phase("05T10:00", Phase::Working);
    assert_eq!(story.clock(Resolution).due_at, Some(at("05T10:00")));
    let shortened = Story::by_customer("08:00", &terms())
        .phase("10:00", Phase::OnHold)
        .phase("11:00", Phase::Working)
        .phase("12:00", Phase::OnHold)
        .then("20:00", retargeted(2));
    assert_eq!(shortened.clock(Resolution).breached_at, Some(at("11:00")));
    let story = story.phase("05T10:01", Phase::Done);
    let clock = story.clock(Resolution);
    assert_eq!(
        (clock.breached_at, clock.cause),
        (Some(at("05T10:00")), Some(BreachCause::Elapsed))
    );
}

#[test]
fn terms_without_a_target_cancel_its_clock() {
    let changed = Happening::TermsChanged(Terms { next_response: None, ..terms() });
    let story = Story::by_customer("08:00", &terms()).then("09:00", changed).customer("10:00");
    let clock = story.clock(NextResponse);
    assert_eq!(clock.cancelled.map(|end| end.reason), Some(CancelReason::NoTarget));
    assert_eq!((clock.due_at, clock.consumed), (None, Seconds::hours(1)));
    assert_eq!(story.states(FirstResponse), [Running]);
}

#[test]
fn an_edited_policy_reaches_a_running_clock_only_by_a_new_evaluation() {
    let edited = Terms { first_response: Some(Seconds::hours(1)), ..terms() };
    let story = Story::by_customer("08:00", &terms()).swept("09:30");
    assert_eq!(story.clock(FirstResponse).breached_at, None);
    let story = story.then("09:40", Happening::TermsChanged(edited));
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.breached_at, clock.cause), (Some(at("09:00")), Some(BreachCause::Retarget)));
}

#[test]
fn a_deactivated_policy_cancels_running_clocks_and_history_stays() {
    let story = Story::by_customer("08:00", &terms())
        .reply("09:00", 1)
        .then("17:00", Happening::PolicyDeactivated)
        .customer("18:00");
    assert_eq!(story.states(FirstResponse), [Fulfilled]);
    assert_eq!(story.states(NextResponse), [Fulfilled]);
    let clock = story.clock(Resolution);
    let reason = clock.cancelled.map(|end| end.reason);
    assert_eq!(reason, Some(CancelReason::PolicyDeactivated));
    assert_eq!((clock.breached_at, clock.due_at), (Some(at("16:00")), None));
    let solved = Story::by_customer("08:00", &terms())
        .phase("09:00", Phase::Done)
        .then("10:00", Happening::PolicyDeactivated)
        .phase("11:00", Phase::Working);
    assert_eq!(solved.states(Resolution), [Fulfilled]);
    let story = story.then("18:30", bounced(1));
    assert_eq!(story.states(FirstResponse), [Cancelled]);
    let story = story.then("19:00", Happening::TermsChanged(terms())).customer("20:00");
    assert_eq!(story.states(NextResponse), [Cancelled, Running]);
    assert_eq!(story.states(Resolution), [Cancelled]);
}

#[test]
fn an_edited_calendar_moves_running_clocks_and_never_finished_ones() {
    let office_hours = Terms { calendar: office(&[]), ..terms() };
    let story = Story::by_customer("10:00", &office_hours).reply("11:00", 1);
    assert_eq!(story.clock(Resolution).due_at, Some(at("05T10:00")));
    let finished = story.clock(FirstResponse);
    let tomorrow = Happening::CalendarEdited(office(&["2025-06-05"]));
    let story = story.then("12:00", tomorrow);
    assert_eq!(story.clock(Resolution).due_at, Some(at("06T10:00")));
    assert_eq!(story.clock(FirstResponse), finished);
    let today = Happening::CalendarEdited(office(&["2025-06-04", "2025-06-05"]));
    let story = story.then("13:00", today);
    assert_eq!(story.clock(Resolution).due_at, Some(at("06T17:00")));
    assert_eq!(story.clock(FirstResponse), finished);
}

#[test]
fn a_breach_that_only_an_edited_calendar_brings_about_says_so() {
    let office_hours = Terms { calendar: office(&[]), ..terms() };
    let edited = Happening::CalendarEdited(terms().calendar);
    let story = Story::by_customer("10:00", &office_hours).then("05T09:00", edited);
    let clock = story.clock(Resolution);
    assert_eq!(
        (clock.breached_at, clock.cause),
        (Some(at("18:00")), Some(BreachCause::CalendarEdit))
    );
}

#[test]
fn a_reopened_ticket_resumes_resolution_and_leaves_the_first_response_alone() {
    let story = Story::by_customer("08:00", &terms())
        .reply("09:00", 1)
        .phase("10:00", Phase::Done)
        .phase("10:30", Phase::Done);
    assert_eq!(story.clock(Resolution).fulfilled_at, Some(at("10:00")));
    let first = story.clock(FirstResponse);
    let story = story.customer("05T08:00").phase("05T08:00", Phase::Working);
    let clock = story.clock(Resolution);
    assert_eq!((clock.state(), clock.fulfilled_at), (Running, None));
    assert_eq!((clock.consumed, clock.due_at), (Seconds::hours(2), Some(at("05T14:00"))));
    assert_eq!(story.clock(FirstResponse), first);
    assert_eq!(story.states(NextResponse), [Fulfilled, Running]);
    assert_eq!(story.all(NextResponse)[1].due_at, Some(at("05T10:00")));
}

#[test]
fn a_merge_cancels_the_clocks_of_the_source() {
    let story = Story::by_customer("08:00", &terms())
        .reply("09:00", 1)
        .customer("09:30")
        .then("10:00", Happening::MergedAway);
    assert_eq!(story.states(FirstResponse), [Fulfilled]);
    assert_eq!(story.states(NextResponse), [Fulfilled, Cancelled]);
    let reason = story.clock(Resolution).cancelled.map(|end| end.reason);
    assert_eq!(reason, Some(CancelReason::Merged));
}

#[test]
fn the_survivor_of_a_merge_inherits_the_earliest_unanswered_message() {
    let absorbed = |since| Happening::Absorbed { unanswered_since: since, never_answered: true };
    let answered = Story::by_customer("08:00", &terms()).reply("08:30", 1);
    let story = answered.then("10:00", absorbed(Some(at("09:00"))));
    let clock = &story.all(NextResponse)[1];
    assert_eq!((clock.started_at, clock.due_at), (at("09:00"), Some(at("11:00"))));
    assert_eq!((clock.breached_at, clock.number), (None, 2));
    let waiting = Story::by_customer("08:00", &terms());
    let story = waiting.then("09:00", absorbed(Some(at("06:00"))));
    let clock = story.clock(NextResponse);
    assert_eq!((clock.started_at, clock.breached_at), (at("06:00"), Some(at("08:00"))));
    assert_eq!(clock.cause, Some(BreachCause::Merge));
    let first = story.clock(FirstResponse);
    assert_eq!((first.started_at, first.due_at), (at("06:00"), Some(at("10:00"))));
    let later = Story::by_customer("08:00", &terms()).then("09:00", absorbed(Some(at("08:30"))));
    assert_eq!(later.clock(NextResponse).started_at, at("08:00"));
    let nothing = Story::by_agent("08:00", &terms()).then("09:00", absorbed(None));
    assert_eq!(nothing.all(NextResponse), []);
}

#[test]
fn imported_history_starts_at_its_declared_time_and_its_breaches_are_historical() {
    let created = || Happening::Created { by_customer: true, terms: Some(terms()) };
    let story = Story::default().imported("01T08:00", "12:00", created()).swept("12:01");
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.started_at, clock.breached_at), (at("01T08:00"), Some(at("01T12:00"))));
    assert_eq!((clock.detected_at, clock.cause), (Some(at("12:01")), Some(BreachCause::Imported)));
    let answer = Happening::Reply { message: 1, author: Author::Person, internal: false };
    let story = Story::default()
        .imported("01T08:00", "12:00", created())
        .imported("01T13:00", "12:00", answer);
    let clock = story.clock(FirstResponse);
    assert_eq!(
        (clock.fulfilled_at, clock.breached_at),
        (Some(at("01T13:00")), Some(at("01T12:00")))
    );
    assert_eq!(clock.cause, Some(BreachCause::Imported));
    let recent = Story::default().imported("10:00", "12:00", created()).swept("15:00");
    let clock = recent.clock(FirstResponse);
    assert_eq!((clock.breached_at, clock.cause), (Some(at("14:00")), Some(BreachCause::Elapsed)));
}

#[test]
fn resolving_or_closing_without_a_public_reply_is_no_response() {
    let story = Story::by_customer("08:00", &terms())
        .written("08:30", 1, Author::Person, true)
        .phase("09:00", Phase::Done);
    assert_eq!(story.states(FirstResponse), [Running]);
    assert_eq!(story.states(NextResponse), [Running]);
    assert_eq!(story.states(Resolution), [Fulfilled]);
    assert_eq!(story.swept("13:00").clock(FirstResponse).breached_at, Some(at("12:00")));
}

#[test]
fn a_breach_happens_at_the_deadline_whenever_it_is_noticed() {
    let story = Story::by_customer("08:00", &terms()).swept("11:59");
    assert_eq!(story.clock(FirstResponse).breached_at, None);
    let story = story.swept("19:00").swept("20:00");
    let clock = story.clock(FirstResponse);
    assert_eq!((clock.breached_at, clock.detected_at), (Some(at("12:00")), Some(at("19:00"))));
    let late = Story::by_customer("08:00", &terms()).reply("12:30", 1);
    let clock = late.clock(FirstResponse);
    assert_eq!((clock.breached_at, clock.fulfilled_at), (Some(at("12:00")), Some(at("12:30"))));
}

#[test]
fn an_answer_at_the_very_deadline_is_in_time() {
    let story = Story::by_customer("08:00", &terms()).reply("12:00", 1).swept("13:00");
    assert_eq!(story.clock(FirstResponse).breached_at, None);
    let story = Story::by_customer("08:00", &terms()).swept("12:00").reply("12:00", 1);
    assert_eq!(story.clock(FirstResponse).breached_at, Some(at("12:00")));
}

#[test]
fn a_warning_is_noted_on_its_clock() {
    let warned = Happening::Warned { metric: NextResponse, number: 1 };
    let story = Story::by_customer("08:00", &terms()).then("09:30", warned);
    assert_eq!(story.clock(NextResponse).warned_at, Some(at("09:30")));
    assert_eq!(story.clock(FirstResponse).warned_at, None);
}

#[test]
fn a_deleted_ticket_has_no_running_clock() {
    let story = Story::by_customer("08:00", &terms()).then("09:00", Happening::Deleted);
    let reasons = story.clocks().into_iter().filter_map(|clock| clock.cancelled);
    let expected = [CancelReason::TicketDeleted; 3];
    assert_eq!(reasons.map(|end| end.reason).collect::<Vec<_>>(), expected);
}

#[test]
fn the_intervals_behind_a_deadline_can_be_shown() {
    let office_hours = Terms { calendar: office(&[]), ..terms() };
    let story = Story::by_customer("08:00", &office_hours)
        .phase("10:00", Phase::OnHold)
        .phase("16:00", Phase::Working);
    let clock = story.clock(Resolution);
    let now = at("05T10:00");
    let counted: Vec<_> = clock
        .counted(now, &office_hours.calendar)
        .map(|open| (open.opens_at, open.closes_at))
        .collect();
    let expected = [(at("09:00"), at("10:00")), (at("16:00"), at("17:00")), (at("05T09:00"), now)];
    assert_eq!(counted, expected);
    assert_eq!(clock.consumed_until(now, &office_hours.calendar), Seconds::hours(3));
}
