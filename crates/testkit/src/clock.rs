//! A clock that a test moves.

use std::sync::Mutex;

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use kamhub_kernel::Clock;

/// Stands at Monday, 2 March 2026, 03:00 UTC (15:00 in Kamchatka) until it is moved, or made to tick.
#[derive(Debug)]
pub struct TestClock(Mutex<Hands>);

#[derive(Debug)]
struct Hands {
    at: DateTime<Utc>,
    tick: Duration,
}

impl Default for TestClock {
    fn default() -> Self {
        let at = Utc.with_ymd_and_hms(2026, 3, 2, 3, 0, 0).unwrap();
        Self(Mutex::new(Hands { at, tick: Duration::zero() }))
    }
}

impl TestClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.lock().unwrap().at += by;
    }

    /// Sets the clock.
    pub fn set(&self, to: DateTime<Utc>) {
        self.0.lock().unwrap().at = to;
    }

    /// From now on the clock moves by `tick` with every look at it, as the machine's own clock does:
    /// what takes two moments for one is found out.
    pub fn tick(&self, tick: Duration) {
        self.0.lock().unwrap().tick = tick;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        let mut hands = self.0.lock().unwrap();
        let tick = hands.tick;
        hands.at += tick;
        hands.at
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).unwrap();
    }
}
