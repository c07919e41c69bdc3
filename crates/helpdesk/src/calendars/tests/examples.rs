//! Worked examples of other products, with their published answers.

use super::{at, calendar, minutes};
use crate::calendars::{Calendar, Seconds};
use chrono::{DateTime, Utc};

/// A time of day in UTC on the day of an example.
fn on(day: &str, time: &str) -> DateTime<Utc> {
    at(&format!("{day}T{time}:00Z"))
}

/// Open time from `from` to `to` outside of `pauses`, which are in order.
fn running(
    calendar: &Calendar,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    pauses: &[(DateTime<Utc>, DateTime<Utc>)],
) -> Seconds {
    let mut total = Seconds::ZERO;
    let mut since = from;
    for (paused, resumed) in pauses {
        total = total.plus(calendar.elapsed(since, (*paused).min(to)));
        since = *resumed;
    }
    total.plus(calendar.elapsed(since, to))
}

/// When the target runs out with all of `pauses` behind it.
fn due_after(
    calendar: &Calendar,
    created: DateTime<Utc>,
    target: Seconds,
    pauses: &[(DateTime<Utc>, DateTime<Utc>)],
) -> DateTime<Utc> {
    let resumed = pauses.last().unwrap().1;
    let consumed = running(calendar, created, resumed, pauses);
    calendar.add(resumed, target.minus(consumed))
}

/// Minutes left of a target; less than nothing when it was missed.
fn margin(target: u32, elapsed: Seconds) -> i64 {
    i64::from(target) - i64::try_from(elapsed.get()).unwrap() / 60
}

fn zammad_week() -> Calendar {
    calendar("Europe/Berlin", &["mon-fri 08:00-18:00"])
}

fn zammad_daily() -> Calendar {
    calendar("Europe/Berlin", &["mon-sun 09:00-18:00"])
}

fn june(time: &str) -> DateTime<Utc> {
    on("2013-06-04", time)
}

#[test]
fn example_1_targets_inside_one_working_day_are_due_as_on_the_wall() {
    let created = at("2013-03-21T09:30:00Z");
    let week = zammad_week();
    assert_eq!(week.add(created, minutes(60)), at("2013-03-21T10:30:00Z"));
    assert_eq!(week.add(created, minutes(120)), at("2013-03-21T11:30:00Z"));
    assert_eq!(week.add(created, minutes(180)), at("2013-03-21T12:30:00Z"));
}

#[test]
fn example_2_late_answers_show_how_late_and_each_customer_message_starts_anew() {
    let march = |time| on("2013-03-21", time);
    let week = zammad_week();
    let first = week.elapsed(march("09:30"), march("14:00"));
    assert_eq!((first, margin(60, first)), (minutes(270), -210));
    let next = week.elapsed(march("09:30"), march("12:00"));
    assert_eq!((next, margin(120, next)), (minutes(150), -30));
    assert_eq!(week.add(march("12:05"), minutes(120)), march("14:05"));
    assert_eq!(week.elapsed(march("12:05"), march("12:10")), minutes(5));
    let solved = week.elapsed(march("09:30"), march("13:00"));
    assert_eq!((solved, margin(180, solved)), (minutes(210), -30));
}

#[test]
fn example_3_pauses_move_the_deadline_by_their_open_time() {
    let pauses = [(june("09:30"), june("09:45")), (june("10:00"), june("10:30"))];
    let due = due_after(&zammad_daily(), june("09:00"), minutes(120), &pauses);
    assert_eq!(due, june("11:45"));
}

#[test]
fn example_4_a_target_that_runs_out_at_closing_time_is_due_at_closing_time() {
    let pauses = [(june("10:00"), june("15:00"))];
    let due = due_after(&zammad_daily(), june("09:00"), minutes(120), &pauses);
    assert_eq!(due, june("16:00"));
}

#[test]
fn example_5_a_pause_is_not_part_of_the_time_to_resolution() {
    let pauses = [(june("10:00"), june("10:30"))];
    let elapsed = running(&zammad_daily(), june("09:00"), june("12:00"), &pauses);
    assert_eq!((elapsed, margin(250, elapsed)), (minutes(150), 100));
}

#[test]
fn example_6_a_ticket_that_waited_from_creation_on_used_no_time() {
    let pauses = [(june("09:00"), june("12:00"))];
    let elapsed = running(&zammad_daily(), june("09:00"), june("12:00"), &pauses);
    assert_eq!((elapsed, margin(240, elapsed)), (Seconds::ZERO, 240));
}

#[test]
fn example_7_only_the_time_between_two_pauses_and_after_them_counts() {
    let pauses = [(june("09:00"), june("10:30")), (june("11:00"), june("11:30"))];
    let elapsed = running(&zammad_daily(), june("09:00"), june("12:00"), &pauses);
    assert_eq!((elapsed, margin(240, elapsed)), (minutes(60), 180));
}

#[test]
fn example_9_a_holiday_is_skipped() {
    let week = calendar("Europe/Berlin", &["mon-fri 09:00-17:00", "2015-09-22 holiday"]);
    let created = at("2015-09-21T14:30:00Z");
    assert_eq!(week.add(created, minutes(120)), at("2015-09-23T08:30:00Z"));
    assert_eq!(week.add(created, minutes(240)), at("2015-09-23T10:30:00Z"));
}

#[test]
fn example_10_one_open_day_a_week_waits_for_the_next_week() {
    let week = calendar("Asia/Kolkata", &["tue 09:00-17:00"]);
    let due = week.add(at("2023-10-10T20:00:00Z"), minutes(60));
    assert_eq!(due, at("2023-10-17T10:00:00+05:30"));
}

#[test]
fn example_11_a_long_target_takes_several_short_weeks() {
    let week = calendar("UTC", &["tue 09:00-09:30", "wed 09:00-17:00"]);
    let due = week.add(at("2025-03-22T18:01:00+05:30"), minutes(1440));
    assert_eq!(due, at("2025-04-09T15:30:00Z"));
}

#[test]
fn example_13_the_minutes_around_midnight_do_not_count_when_they_are_closed() {
    let week = calendar("UTC", &["tue,wed 00:01-23:59"]);
    let due = week.add(at("2023-10-10T23:59:00Z"), minutes(1));
    assert_eq!(due, at("2023-10-11T00:02:00Z"));
}

#[test]
fn example_14_a_friday_afternoon_goes_on_on_monday_morning() {
    let week = calendar("America/New_York", &["mon-fri 09:00-17:00"]);
    let due = week.add(at("2024-01-19T16:00:00-05:00"), minutes(120));
    assert_eq!(due, at("2024-01-22T10:00:00-05:00"));
}
