//! One test for each rule that a reader of a deadline may ask about.

use super::{at, calendar, minutes, spec};
use crate::calendars::{Calendar, CalendarSpec, Seconds};

fn opened(calendar: &Calendar, from: &str, to: &str) -> Vec<String> {
    let minute = "%m-%dT%H:%MZ";
    calendar
        .open_intervals(at(from), at(to))
        .map(|open| format!("{}/{}", open.opens_at.format(minute), open.closes_at.format(minute)))
        .collect()
}

#[test]
fn around_the_clock_every_second_counts() {
    let always = Calendar::always_open();
    let (from, to) = (at("2015-03-01T12:34:56Z"), at("2025-11-30T01:02:03Z"));
    let elapsed = Seconds::new(u64::try_from((to - from).num_seconds()).unwrap());
    assert_eq!(always.elapsed(from, to), elapsed);
    assert_eq!(always.add(from, elapsed), to);
    assert!(always.is_open(from));
    assert_eq!(always.next_open(from), from);
    assert_eq!(always.open_intervals(from, to).count(), 1);
}

#[test]
fn a_night_shift_belongs_to_the_day_it_starts_on() {
    let nights = calendar("UTC", &["mon-fri 22:00-06:00", "2025-01-08 holiday"]);
    let expected =
        ["01-06T22:00Z/01-07T06:00Z", "01-07T22:00Z/01-08T06:00Z", "01-09T22:00Z/01-10T06:00Z"];
    assert_eq!(opened(&nights, "2025-01-06T12:00:00Z", "2025-01-10T12:00:00Z"), expected);
}

#[test]
fn a_night_shift_of_sunday_reaches_into_monday() {
    let nights = calendar("UTC", &["sun 20:00-04:00", "mon 04:00-08:00"]);
    assert_eq!(
        nights.elapsed(at("2025-01-05T00:00:00Z"), at("2025-01-06T12:00:00Z")),
        minutes(720)
    );
    assert_eq!(
        opened(&nights, "2025-01-05T00:00:00Z", "2025-01-07T00:00:00Z"),
        ["01-05T20:00Z/01-06T08:00Z"]
    );
}

#[test]
fn equal_start_and_end_is_a_shift_of_a_whole_day() {
    let day = calendar("UTC", &["sat 09:00-09:00"]);
    assert_eq!(
        opened(&day, "2025-01-01T00:00:00Z", "2025-01-08T00:00:00Z"),
        ["01-04T09:00Z/01-05T09:00Z"]
    );
}

#[test]
fn an_override_replaces_the_hours_of_its_date() {
    let lines = ["mon-fri 09:00-17:00", "2025-01-07 12:00-13:00", "2025-01-11 10:00-11:00"];
    let week = calendar("UTC", &lines);
    let expected = [
        "01-06T09:00Z/01-06T17:00Z",
        "01-07T12:00Z/01-07T13:00Z",
        "01-08T09:00Z/01-08T17:00Z",
        "01-09T09:00Z/01-09T17:00Z",
        "01-10T09:00Z/01-10T17:00Z",
        "01-11T10:00Z/01-11T11:00Z",
    ];
    assert_eq!(opened(&week, "2025-01-06T00:00:00Z", "2025-01-13T00:00:00Z"), expected);
}

#[test]
fn an_override_that_begins_before_the_night_shift_has_ended_counts_once() {
    let nights = calendar("UTC", &["mon-sun 22:00-06:00", "2025-01-08 04:00-08:00"]);
    let (from, to) = ("2025-01-07T12:00:00Z", "2025-01-08T12:00:00Z");
    assert_eq!(opened(&nights, from, to), ["01-07T22:00Z/01-08T08:00Z"]);
    assert_eq!(nights.elapsed(at(from), at(to)), minutes(600));
}

#[test]
fn closed_for_years_the_deadline_waits_for_the_opening() {
    let dates: Vec<String> = at("2025-01-01T00:00:00Z")
        .date_naive()
        .iter_days()
        .take(1000)
        .map(|date| format!("{date} closed"))
        .collect();
    let mut lines: Vec<&str> = dates.iter().map(String::as_str).collect();
    lines.push("mon-sun 09:00-17:00");
    let closed = calendar("UTC", &lines);
    assert_eq!(closed.next_open(at("2024-12-31T17:00:00Z")), at("2027-09-28T09:00:00Z"));
    assert_eq!(closed.add(at("2024-12-31T16:00:00Z"), minutes(60)), at("2024-12-31T17:00:00Z"));
    assert_eq!(closed.add(at("2024-12-31T16:00:00Z"), minutes(61)), at("2027-09-28T09:01:00Z"));
}

#[test]
fn a_skipped_opening_time_moves_forward_by_the_length_of_the_change() {
    // Berlin, 2025-03-30: 02:00 becomes 03:00.
    let week = calendar("Europe/Berlin", &["mon-sun 02:30-06:00"]);
    assert_eq!(
        opened(&week, "2025-03-30T00:00:00Z", "2025-03-30T12:00:00Z"),
        ["03-30T01:30Z/03-30T04:00Z"]
    );
}

#[test]
fn shifts_that_a_change_pushes_over_each_other_count_once() {
    let week = calendar("Europe/Berlin", &["mon-sun 01:00-02:30 03:00-04:00"]);
    let (from, to) = ("2025-03-30T00:00:00Z", "2025-03-30T12:00:00Z");
    assert_eq!(opened(&week, from, to), ["03-30T00:00Z/03-30T02:00Z"]);
    assert_eq!(week.elapsed(at(from), at(to)), minutes(120));
}

#[test]
fn a_shift_from_inside_a_skipped_hour_to_its_end_is_lost() {
    let week = calendar("Europe/Berlin", &["mon-sun 02:30-03:00"]);
    assert_eq!(opened(&week, "2025-03-29T12:00:00Z", "2025-03-30T12:00:00Z"), [""; 0]);
}

#[test]
fn a_repeated_opening_or_closing_time_is_the_first_of_the_two() {
    // Berlin, 2025-10-26: 03:00 becomes 02:00.
    let morning = calendar("Europe/Berlin", &["sun 02:30-06:00"]);
    assert_eq!(
        opened(&morning, "2025-10-26T00:00:00Z", "2025-10-26T12:00:00Z"),
        ["10-26T00:30Z/10-26T05:00Z"]
    );
    let night = calendar("Europe/Berlin", &["sat 22:00-02:30"]);
    assert_eq!(
        opened(&night, "2025-10-25T12:00:00Z", "2025-10-26T12:00:00Z"),
        ["10-25T20:00Z/10-26T00:30Z"]
    );
}

#[test]
fn a_date_that_never_was_gives_its_hours_to_the_next() {
    // Samoa had no 2011-12-30, a Friday.
    let week = calendar("Pacific/Apia", &["fri 09:00-17:00"]);
    assert_eq!(
        opened(&week, "2011-12-24T12:00:00Z", "2012-01-02T00:00:00Z"),
        ["12-30T19:00Z/12-31T03:00Z"]
    );
}

#[test]
fn fractions_of_a_second_do_not_count() {
    let always = Calendar::always_open();
    let from = at("2025-01-01T00:00:00.900Z");
    assert_eq!(always.elapsed(from, at("2025-01-01T00:00:01.100Z")), Seconds::new(1));
    assert_eq!(always.add(from, Seconds::new(1)), at("2025-01-01T00:00:01Z"));
    assert_eq!(always.elapsed(from, at("2025-01-01T00:00:00.950Z")), Seconds::ZERO);
}

#[test]
fn no_target_is_due_at_once_even_when_closed() {
    let week = calendar("UTC", &["mon 09:00-17:00"]);
    let sunday = at("2025-01-05T12:00:00Z");
    assert_eq!(week.add(sunday, Seconds::ZERO), sunday);
    assert_eq!(week.elapsed(sunday, sunday), Seconds::ZERO);
    assert_eq!(week.elapsed(sunday, at("2025-01-01T00:00:00Z")), Seconds::ZERO);
}

#[test]
fn the_closing_instant_is_closed_and_the_opening_instant_open() {
    let week = calendar("UTC", &["mon 09:00-17:00"]);
    assert!(!week.is_open(at("2025-01-06T08:59:59Z")));
    assert!(week.is_open(at("2025-01-06T09:00:00Z")));
    assert!(week.is_open(at("2025-01-06T16:59:59Z")));
    assert!(!week.is_open(at("2025-01-06T17:00:00Z")));
    assert_eq!(week.next_open(at("2025-01-06T10:00:00Z")), at("2025-01-06T10:00:00Z"));
    assert_eq!(week.next_open(at("2025-01-06T17:00:00Z")), at("2025-01-13T09:00:00Z"));
}

#[test]
fn a_target_of_whole_weeks_is_due_at_the_last_closing_time() {
    let week = calendar("UTC", &["mon-fri 09:00-17:00"]);
    let due = week.add(at("2025-01-06T08:00:00Z"), Seconds::hours(40 * 10));
    assert_eq!(due, at("2025-03-14T17:00:00Z"));
    let due = week.add(at("2025-01-04T12:00:00Z"), Seconds::hours(40 * 520));
    assert_eq!(due, at("2034-12-22T17:00:00Z"));
}

#[test]
fn a_target_of_more_than_all_time_is_due_at_the_end_of_time() {
    let week = calendar("Europe/Berlin", &["mon 09:00-17:00"]);
    let due = week.add(at("2025-01-06T08:00:00Z"), Seconds::new(u64::MAX));
    assert_eq!(due, chrono::DateTime::<chrono::Utc>::MAX_UTC);
}

#[test]
fn a_calendar_is_written_as_it_was_read() {
    let lines = ["mon-fri 09:00-12:00 13:00-24:00", "sat 22:00-06:00", "sun 09:00-09:00"];
    let dated = ["2025-05-01 holiday", "2025-12-24 09:00-12:00", "2025-12-27 closed"];
    let spec = spec("Asia/Kamchatka", &[lines, dated].concat());
    let calendar = Calendar::try_from(spec.clone()).unwrap();
    assert_eq!(CalendarSpec::from(&calendar), spec);
    let json = serde_json::to_string(&calendar).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&json).unwrap(), calendar);
}

#[test]
fn the_written_form_is_plain_json() {
    let json = serde_json::json!({
        "zone": "Asia/Kamchatka",
        "weekly": {"monday": [{"start": "09:00", "end": "24:00"}]},
        "holidays": [{"date": "2026-01-01", "name": "Новый год"}],
        "overrides": [{"date": "2026-01-02", "intervals": [{"start": "10:00", "end": "12:00"}]}],
    });
    let calendar: Calendar = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(calendar.exceptions()[0].name.as_deref(), Some("Новый год"));
    assert!(calendar.exceptions()[0].is_closed());
    let written = serde_json::to_value(&calendar).unwrap();
    assert_eq!(written["weekly"]["monday"], json["weekly"]["monday"]);
    assert_eq!(written["weekly"]["tuesday"], serde_json::json!([]));
    assert_eq!(
        (&written["holidays"], &written["overrides"]),
        (&json["holidays"], &json["overrides"])
    );
}
