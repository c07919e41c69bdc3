//! Properties of every calendar, tried on random ones around the clock changes of unusual zones.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::{HolidaySpec, IntervalSpec, OverrideSpec, WeeklySpec, weekday};
use crate::calendars::{Calendar, CalendarSpec, Seconds};
use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use proptest::prelude::*;

const ZONES: [&str; 9] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kamchatka",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Africa/Cairo",
    "America/St_Johns",
];

const WEEK: u32 = 7 * 1440;

/// Disjoint shifts anywhere in the week, some over midnight, some over the end of the week.
fn weeks() -> impl Strategy<Value = WeeklySpec> {
    let near_changes = (0..7_u32, 0..300_u32).prop_map(|(day, minute)| day * 1440 + minute);
    let point = prop_oneof![0..WEEK, near_changes];
    (proptest::collection::btree_set(point, 2..24), 0..WEEK).prop_map(|(points, turn)| {
        let points: Vec<u32> = points.into_iter().collect();
        let mut weekly = WeeklySpec::default();
        for pair in points.chunks_exact(2) {
            let start = (pair[0] + turn) % WEEK;
            let length = (pair[1] - pair[0]).min(1440);
            let end = (start % 1440 + length - 1) % 1440 + 1;
            let end = if start % 1440 + length > 1440 { end % 1440 } else { end };
            let day = usize::try_from(start / 1440).unwrap();
            weekday(&mut weekly, day).push(interval(start % 1440, end));
        }
        weekly
    })
}

fn interval(start: u32, end: u32) -> IntervalSpec {
    let wall = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    IntervalSpec { start: wall(start), end: wall(end) }
}

/// Days around a middle one that are closed or have hours of their own, perhaps into the next day.
fn exceptions() -> impl Strategy<Value = Vec<(u64, Option<(u32, u32)>)>> {
    let hours = proptest::option::of((0..1440_u32, 0..=1440_u32));
    proptest::collection::btree_map(0..40_u64, hours, 0..6)
        .prop_map(|dates| dates.into_iter().collect())
}

/// A calendar and an instant around which interesting things happen: mostly a change of its clock.
fn calendars() -> impl Strategy<Value = (Calendar, i64)> {
    let zone = prop::sample::select(&ZONES[..]);
    let change = proptest::option::weighted(0.8, any::<prop::sample::Index>());
    (zone, weeks(), exceptions(), change, 1_000_000_000..1_800_000_000_i64).prop_map(
        |(zone, weekly, dates, change, elsewhere)| {
            let days = &CHANGES[zone];
            let change = change.filter(|_| !days.is_empty()).map(|index| *index.get(days));
            let middle = change.map_or(elsewhere, |day| day * DAYS + DAYS / 2);
            let mut spec = CalendarSpec { zone: zone.to_owned(), weekly, ..Default::default() };
            let first = instant(middle).date_naive() - Days::new(20);
            for (ahead, hours) in dates {
                let date = (first + Days::new(ahead)).to_string();
                match hours {
                    None => spec.holidays.push(HolidaySpec { date, name: None }),
                    Some((start, end)) => {
                        let intervals = vec![interval(start, end)];
                        spec.overrides.push(OverrideSpec { date, name: None, intervals });
                    }
                }
            }
            (Calendar::try_from(spec).unwrap(), middle)
        },
    )
}

/// Days since 1970 on which the clock of a zone changes, from 1990 to 2030.
static CHANGES: LazyLock<HashMap<&str, Vec<i64>>> = LazyLock::new(|| {
    let changes = |name: &str| {
        let zone: Tz = name.parse().unwrap();
        let offset = |day: i64| zone.offset_from_utc_datetime(&instant(day * DAYS).naive_utc());
        (7_305..22_000).filter(|day| offset(*day).fix() != offset(*day + 1).fix()).collect()
    };
    ZONES.into_iter().map(|zone| (zone, changes(zone))).collect()
});

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// Open minutes since 1970, found by writing down every shift of every day.
fn open_minutes(calendar: &Calendar, from: i64, to: i64) -> BTreeSet<i64> {
    let spec = CalendarSpec::from(calendar);
    let mut open = BTreeSet::new();
    let mut date = instant(from).date_naive() - Days::new(4);
    while date <= instant(to).date_naive() + Days::new(4) {
        for interval in hours_on(&spec, date) {
            let overnight = interval.end <= interval.start;
            let end = date + Days::new(u64::from(overnight));
            let start = wall(calendar.zone(), date, &interval.start);
            open.extend(start / 60..wall(calendar.zone(), end, &interval.end) / 60);
        }
        date = date + Days::new(1);
    }
    open
}

fn hours_on(spec: &CalendarSpec, date: NaiveDate) -> Vec<IntervalSpec> {
    let text = date.to_string();
    if spec.holidays.iter().any(|holiday| holiday.date == text) {
        return Vec::new();
    }
    if let Some(special) = spec.overrides.iter().find(|special| special.date == text) {
        return special.intervals.clone();
    }
    let day = usize::try_from(date.weekday().num_days_from_monday()).unwrap();
    weekday(&mut spec.weekly.clone(), day).clone()
}

fn wall(zone: Tz, date: NaiveDate, time: &str) -> i64 {
    let (hours, minutes) = time.split_once(':').unwrap();
    let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    let local: NaiveDateTime = date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minutes);
    match zone.from_local_datetime(&local).earliest() {
        Some(found) => found.timestamp(),
        None => {
            let before = zone.offset_from_utc_datetime(&(local - Days::new(1))).fix();
            local.and_utc().timestamp() - i64::from(before.local_minus_utc())
        }
    }
}

/// Open seconds from `from` to `to`, minute by minute.
fn walked(open: &BTreeSet<i64>, from: i64, to: i64) -> u64 {
    let minutes = open.range(from / 60..=to / 60);
    let seconds: i64 =
        minutes.map(|minute| ((minute * 60 + 60).min(to) - (minute * 60).max(from)).max(0)).sum();
    u64::try_from(seconds).unwrap()
}

const DAYS: i64 = 86_400;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_has_elapsed_at_the_deadline_is_the_target(
        (calendar, middle) in calendars(),
        start in -15 * DAYS..15 * DAYS,
        target in prop_oneof![0..200_000_u64, 0..100_000_000_u64],
    ) {
        let start = instant(middle + start);
        let due = calendar.add(start, Seconds::new(target));
        prop_assert_eq!(calendar.elapsed(start, due), Seconds::new(target));
        if target > 0 {
            // The deadline is the first such instant: one second before, time was still left.
            let before = calendar.elapsed(start, due - TimeDelta::seconds(1));
            prop_assert_eq!(before, Seconds::new(target - 1));
        }
    }

    #[test]
    fn time_elapsed_adds_up(
        (calendar, middle) in calendars(),
        mut points in prop::array::uniform3(-2_000 * DAYS..2_000 * DAYS),
    ) {
        points.sort_unstable();
        let [from, between, to] = points.map(|point| instant(middle + point));
        let parts = calendar.elapsed(from, between).plus(calendar.elapsed(between, to));
        prop_assert_eq!(calendar.elapsed(from, to), parts);
    }

    #[test]
    fn a_deadline_reached_in_two_steps_is_the_same(
        (calendar, middle) in calendars(),
        start in -15 * DAYS..15 * DAYS,
        steps in prop::array::uniform2(1..5_000_000_u64),
    ) {
        let start = instant(middle + start);
        let [one, two] = steps.map(Seconds::new);
        prop_assert_eq!(calendar.add(start, one.plus(two)), calendar.add(calendar.add(start, one), two));
    }

    #[test]
    fn a_later_start_or_a_longer_target_is_never_due_earlier(
        (calendar, middle) in calendars(),
        start in -15 * DAYS..15 * DAYS,
        later in 0..3 * DAYS,
        target in 0..500_000_u64,
        longer in 0..500_000_u64,
    ) {
        let (first, second) = (instant(middle + start), instant(middle + start + later));
        let target = Seconds::new(target);
        let due = calendar.add(first, target);
        prop_assert!(due <= calendar.add(second, target));
        prop_assert!(due <= calendar.add(first, target.plus(Seconds::new(longer))));
    }

    #[test]
    fn a_walk_minute_by_minute_finds_the_same(
        (calendar, middle) in calendars(),
        start in -15 * DAYS..15 * DAYS,
        length in 0..12 * DAYS,
    ) {
        let (from, to) = (middle + start, middle + start + length);
        let open = open_minutes(&calendar, from, to);
        let elapsed = calendar.elapsed(instant(from), instant(to));
        prop_assert_eq!(elapsed.get(), walked(&open, from, to));
        prop_assert_eq!(calendar.is_open(instant(from)), open.contains(&(from / 60)));
        if let Some(next) = open.range(from / 60..).next() {
            prop_assert_eq!(calendar.next_open(instant(from)), instant((next * 60).max(from)));
        }
    }

    #[test]
    fn open_intervals_are_disjoint_in_order_and_add_up(
        (calendar, middle) in calendars(),
        start in -15 * DAYS..15 * DAYS,
        length in 0..100 * DAYS,
    ) {
        let (from, to) = (instant(middle + start), instant(middle + start + length));
        let mut total = Seconds::ZERO;
        let mut last = None;
        for open in calendar.open_intervals(from, to) {
            prop_assert!(from <= open.opens_at && open.opens_at < open.closes_at && open.closes_at <= to);
            prop_assert!(last.is_none_or(|closed| closed < open.opens_at));
            prop_assert!(calendar.is_open(open.opens_at));
            last = Some(open.closes_at);
            total = total.plus(open.seconds());
        }
        prop_assert_eq!(calendar.elapsed(from, to), total);
    }

    #[test]
    fn the_written_form_gives_the_same_calendar((calendar, _) in calendars()) {
        let read = Calendar::try_from(CalendarSpec::from(&calendar)).unwrap();
        prop_assert_eq!(read, calendar);
    }
}
