//! Small questions about working time that need no calendar: one shift a day, and Monday to
//! Friday.

use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use super::zone::ZoneTable;

/// Whether `at` falls into the daily shift `start..end` as the clock on the wall of `zone` shows it.
///
/// The shift includes its first second and excludes `end`. `start` after `end` is a night shift that
/// ends the next morning; `start` equal to `end` is the whole day.
#[must_use]
pub fn is_within(start: NaiveTime, end: NaiveTime, zone: Tz, at: DateTime<Utc>) -> bool {
    let wall = at.with_timezone(&zone).time();
    match start.cmp(&end) {
        std::cmp::Ordering::Less => start <= wall && wall < end,
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Greater => start <= wall || wall < end,
    }
}

/// The instant `days` business days after `at`: the same time on the wall of `zone`, counting
/// Monday to Friday only.
///
/// A weekend is worth nothing: what happens on a Saturday or Sunday counts as happening at the start of
/// Monday, so a later `at` never gives an earlier answer. No days gives `at` itself. A wall time that
/// a clock change skips moves forward by the length of the change; one that it repeats is the first of the
/// two. Holidays do not matter here: a calendar knows them, this does not.
#[must_use]
pub fn add_business_days(at: DateTime<Utc>, days: u32, zone: Tz) -> DateTime<Utc> {
    if days == 0 {
        return at;
    }
    let local = at.with_timezone(&zone).naive_local();
    let (weekend, since_monday, time) = match local.weekday() {
        Weekday::Sat => (2, 0, NaiveTime::MIN),
        Weekday::Sun => (1, 0, NaiveTime::MIN),
        working => (0, u64::from(working.num_days_from_monday()), local.time()),
    };
    let working = since_monday + u64::from(days);
    let ahead = weekend + working / 5 * 7 + working % 5 - since_monday;
    let date = local.date().checked_add_days(Days::new(ahead));
    date.map_or(DateTime::<Utc>::MAX_UTC, |date| instant_of(date.and_time(time), zone))
}

/// The instant at which the wall of `zone` shows `local`.
fn instant_of(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let wall = local.and_utc();
    let seconds = ZoneTable::of(zone).instant(wall.timestamp());
    DateTime::from_timestamp(seconds, wall.timestamp_subsec_nanos())
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::{add_business_days, is_within};
    use chrono::{DateTime, NaiveTime, Utc};
    use chrono_tz::Tz;
    use chrono_tz::{America, Asia, Europe};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    fn within(start: &str, end: &str, zone: Tz, text: &str) -> bool {
        is_within(time(start), time(end), zone, at(text))
    }

    #[test]
    fn a_day_shift_includes_its_start_and_excludes_its_end() {
        let zone = Europe::Berlin;
        assert!(!within("09:00:00", "17:00:00", zone, "2025-01-15T07:59:59Z"));
        assert!(within("09:00:00", "17:00:00", zone, "2025-01-15T08:00:00Z"));
        assert!(within("09:00:00", "17:00:00", zone, "2025-01-15T15:59:59Z"));
        assert!(!within("09:00:00", "17:00:00", zone, "2025-01-15T16:00:00Z"));
    }

    #[test]
    fn a_night_shift_goes_on_after_midnight_and_ends_in_the_morning() {
        let zone = Asia::Kamchatka;
        assert!(!within("22:00:00", "06:00:00", zone, "2025-01-15T09:59:59Z"));
        assert!(within("22:00:00", "06:00:00", zone, "2025-01-15T10:00:00Z"));
        assert!(within("22:00:00", "06:00:00", zone, "2025-01-15T12:00:00Z"));
        assert!(within("22:00:00", "06:00:00", zone, "2025-01-15T17:59:59Z"));
        assert!(!within("22:00:00", "06:00:00", zone, "2025-01-15T18:00:00Z"));
    }

    #[test]
    fn equal_start_and_end_is_the_whole_day() {
        for hour in 0..24 {
            let text = format!("2025-03-30T{hour:02}:00:00Z");
            assert!(within("09:00:00", "09:00:00", Europe::Berlin, &text));
        }
    }

    #[test]
    fn the_shift_follows_the_wall_clock_through_a_clock_change() {
        let zone = Europe::Berlin;
        assert!(within("09:00:00", "17:00:00", zone, "2025-03-29T08:00:00Z"));
        assert!(within("09:00:00", "17:00:00", zone, "2025-03-30T07:00:00Z"));
        assert!(!within("09:00:00", "17:00:00", zone, "2025-03-30T15:00:00Z"));
    }

    #[test]
    fn business_days_skip_the_weekend_and_keep_the_wall_time() {
        let zone = America::New_York;
        // Friday 16:00 before the change to summer time.
        let friday = at("2024-03-08T21:00:00Z");
        assert_eq!(add_business_days(friday, 1, zone), at("2024-03-11T20:00:00Z"));
        assert_eq!(add_business_days(friday, 5, zone), at("2024-03-15T20:00:00Z"));
        assert_eq!(add_business_days(friday, 6, zone), at("2024-03-18T20:00:00Z"));
        let monday = at("2024-01-15T15:30:00Z");
        assert_eq!(add_business_days(monday, 4, zone), at("2024-01-19T15:30:00Z"));
        assert_eq!(add_business_days(monday, 5, zone), at("2024-01-22T15:30:00Z"));
    }

    #[test]
    fn a_weekend_counts_as_the_start_of_monday() {
        let zone = Europe::Berlin;
        let tuesday = at("2025-01-13T23:00:00Z");
        assert_eq!(add_business_days(at("2025-01-11T10:00:00Z"), 1, zone), tuesday);
        assert_eq!(add_business_days(at("2025-01-12T22:59:59Z"), 1, zone), tuesday);
        assert_eq!(add_business_days(at("2025-01-12T23:00:00Z"), 1, zone), tuesday);
    }

    #[test]
    fn no_business_days_is_the_instant_itself() {
        let saturday = at("2025-01-11T10:00:00Z");
        assert_eq!(add_business_days(saturday, 0, Europe::Berlin), saturday);
    }

    #[test]
    fn a_later_instant_never_gets_an_earlier_deadline() {
        for zone in [Europe::Berlin, America::Sao_Paulo, Asia::Kolkata] {
            for days in [1, 3, 7, 30] {
                let mut last = DateTime::<Utc>::MIN_UTC;
                for hour in 0..24 * 40 {
                    let from = at("2018-10-01T00:00:00Z") + chrono::TimeDelta::hours(hour);
                    let due = add_business_days(from, days, zone);
                    assert!(due >= last, "{zone} {days} {from}");
                    last = due;
                }
            }
        }
    }

    #[test]
    fn a_skipped_wall_time_moves_forward_and_a_repeated_one_is_the_first() {
        // Cairo skips 00:00-01:00 on Friday 2023-04-28 and repeats 23:00-24:00 on Thursday 2023-10-26.
        let zone = chrono_tz::Africa::Cairo;
        let skipped = add_business_days(at("2023-04-26T22:30:00Z"), 1, zone);
        assert_eq!(skipped, at("2023-04-27T22:30:00Z"));
        let repeated = add_business_days(at("2023-10-25T20:30:00Z"), 1, zone);
        assert_eq!(repeated, at("2023-10-26T20:30:00Z"));
    }
}
