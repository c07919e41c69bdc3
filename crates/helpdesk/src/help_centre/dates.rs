//! Dates and times as people write them; no I/O.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use chrono_tz::Tz;

use crate::language::Language;

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const RUSSIAN: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// A moment, written for a reader and for a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// For people, in the brand's zone; a script writes it in the reader's.
    pub text: String,
    /// RFC 3339, for `datetime`.
    pub machine: String,
}

/// The day: `21 November 2026`, `21 ноября 2026 г.`
pub fn day(lang: Language, zone: Tz, at: DateTime<Utc>) -> When {
    let there = at.with_timezone(&zone);
    let months = if lang == Language::Ru { RUSSIAN } else { ENGLISH };
    let month = months.get(there.month0() as usize).copied().unwrap_or_default();
    let year = if lang == Language::Ru { "\u{a0}г." } else { "" };
    let text = format!("{}\u{a0}{month} {}{year}", there.day(), there.year());
    When { text, machine: machine(at) }
}

/// The day and the time: `21 November 2026, 14:05`.
pub fn moment(lang: Language, zone: Tz, at: DateTime<Utc>) -> When {
    let there = at.with_timezone(&zone);
    let date = day(lang, zone, at);
    let text = format!("{}, {:02}:{:02}", date.text, there.hour(), there.minute());
    When { text, machine: date.machine }
}

fn machine(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_moment_is_written_in_the_zone_and_the_language() {
        let at = Utc.with_ymd_and_hms(2026, 5, 2, 21, 4, 0).unwrap();
        let written = moment(Language::Ru, Tz::Asia__Kamchatka, at);
        assert_eq!(written.text, "3\u{a0}мая 2026\u{a0}г., 09:04");
        assert_eq!(written.machine, "2026-05-02T21:04:00Z");
        assert_eq!(moment(Language::En, Tz::UTC, at).text, "2\u{a0}May 2026, 21:04");
    }
}
