//! A clock that a test moves.

use std::sync::Mutex;

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use kamhub_kernel::Clock;

/// Stands at Monday, 2 March 2026, 03:00 UTC (15:00 in Kamchatka) until it is moved.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new(Utc.with_ymd_and_hms(2026, 3, 2, 3, 0, 0).unwrap()))
    }
}

impl TestClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    /// Sets the clock.
    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().unwrap() = to;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).unwrap();
    }
}
