//! The clock changes of a zone as one sorted table, so that wall time becomes an instant, and an
//! instant wall time, by one binary search in whole seconds.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Seconds of a day without a clock change.
pub(super) const DAY: i64 = 86_400;

/// The first instant looked at (1970-01-01): the time zone database promises nothing before it.
const SCAN_FROM: i64 = 0;

/// The last instant looked at (2101-01-01): the compiled time zone database ends before it.
const SCAN_TO: i64 = 4_133_980_800;

/// One change of a zone's offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// The instant of the change, in seconds since 1970.
    at: i64,
    /// The wall time, in seconds, from which on `after` is the offset that turns it into an instant.
    wall: i64,
    /// Seconds east of UTC before the change.
    before: i64,
    /// Seconds east of UTC from the change on.
    after: i64,
}

impl Change {
    /// The first and last local day, counted from 1970-01-01, on whose wall the change shows.
    pub(super) fn days(&self) -> (i64, i64) {
        let (before, after) = (local_day(self.at, self.before), local_day(self.at, self.after));
        (before.min(after), before.max(after))
    }
}

/// All changes of one zone between 1970 and 2100; its first and last offsets hold outside.
#[derive(Debug)]
pub(super) struct ZoneTable {
    first: i64,
    changes: Vec<Change>,
}

static TABLES: LazyLock<RwLock<HashMap<Tz, Arc<ZoneTable>>>> = LazyLock::new(RwLock::default);

impl ZoneTable {
    /// The table of `zone`, built once per process (some milliseconds) and shared afterwards.
    pub(super) fn of(zone: Tz) -> Arc<Self> {
        let known = TABLES.read().unwrap_or_else(PoisonError::into_inner).get(&zone).cloned();
        known.unwrap_or_else(|| {
            let built = Arc::new(Self::build(zone));
            let mut tables = TABLES.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tables.entry(zone).or_insert(built))
        })
    }

    fn build(zone: Tz) -> Self {
        let first = offset_at(zone, SCAN_FROM);
        let mut changes = Vec::new();
        let mut before = first;
        // No zone has changed twice within six days since 1970, so a day is a safe step.
        for day in 1..=(SCAN_TO - SCAN_FROM) / DAY {
            let end = SCAN_FROM + day * DAY;
            let after = offset_at(zone, end);
            if after != before {
                let at = first_second_of(zone, after, end - DAY, end);
                changes.push(Change { at, wall: at + before.max(after), before, after });
                before = after;
            }
        }
        Self { first, changes }
    }

    /// Every change, in order.
    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Seconds east of UTC at `instant`.
    pub(super) fn offset(&self, instant: i64) -> i64 {
        let passed = self.changes.partition_point(|change| change.at <= instant);
        self.changes[..passed].last().map_or(self.first, |change| change.after)
    }

    /// The instant at which the wall shows `wall`: a wall time that a change skips moves forward by the
    /// length of the change, one that it repeats is the first of the two. Both are the offset before the
    /// change.
    pub(super) fn instant(&self, wall: i64) -> i64 {
        let passed = self.changes.partition_point(|change| change.wall <= wall);
        wall - self.changes[..passed].last().map_or(self.first, |change| change.after)
    }

    /// The local day of `instant`, counted from 1970-01-01.
    pub(super) fn day(&self, instant: i64) -> i64 {
        local_day(instant, self.offset(instant))
    }
}

fn local_day(instant: i64, offset: i64) -> i64 {
    (instant + offset).div_euclid(DAY)
}

/// What the time zone database says of one instant, in seconds east of UTC.
fn offset_at(zone: Tz, instant: i64) -> i64 {
    let utc = DateTime::from_timestamp(instant, 0).unwrap_or(DateTime::UNIX_EPOCH).naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// The first second with the offset `after`, by halving; `from` does not have it yet, `to` does.
fn first_second_of(zone: Tz, after: i64, mut from: i64, mut to: i64) -> i64 {
    while to - from > 1 {
        let middle = from + (to - from) / 2;
        if offset_at(zone, middle) == after { to = middle } else { from = middle }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::{DAY, ZoneTable, offset_at};
    use chrono::{DateTime, TimeZone};

    #[test]
    fn the_table_of_every_zone_says_what_the_time_zone_database_says() {
        for zone in chrono_tz::TZ_VARIANTS {
            let table = ZoneTable::build(zone);
            for change in table.changes() {
                for instant in [change.at - 1, change.at, change.at + 1] {
                    assert_eq!(table.offset(instant), offset_at(zone, instant), "{zone} {instant}");
                }
            }
            for step in 0..900 {
                let instant = step * 61 * DAY + step * 1_009;
                assert_eq!(table.offset(instant), offset_at(zone, instant), "{zone} {instant}");
            }
        }
    }

    #[test]
    fn wall_times_around_each_change_become_the_instants_the_database_gives() {
        for zone in
            [chrono_tz::Europe::Berlin, chrono_tz::Asia::Kamchatka, chrono_tz::Pacific::Apia]
        {
            let table = ZoneTable::of(zone);
            for change in table.changes() {
                for minutes in -30 * 60..30 * 60 {
                    let wall = change.wall + minutes * 60;
                    let local = DateTime::from_timestamp(wall, 0).unwrap().naive_utc();
                    let expected = zone.from_local_datetime(&local).earliest();
                    match expected {
                        Some(found) => {
                            assert_eq!(table.instant(wall), found.timestamp(), "{zone} {local}")
                        }
                        None => {
                            assert_eq!(table.instant(wall), wall - change.before, "{zone} {local}")
                        }
                    }
                }
            }
        }
    }
}
