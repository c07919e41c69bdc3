//! Time and randomness come from here and nowhere else, so that a test can hold both still.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};

/// The source of time and randomness.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, to the microsecond (PostgreSQL's `timestamptz` keeps no more).
    fn now(&self) -> DateTime<Utc>;

    /// Fills `buffer` with cryptographically strong random bytes.
    fn fill_random(&self, buffer: &mut [u8]);
}

/// A clock shared by every part of the process.
pub type SharedClock = Arc<dyn Clock>;

/// Thirty-two random bytes in lower-case hexadecimal (64 characters): a secret nobody can guess.
pub fn random_token(clock: &dyn Clock) -> String {
    let mut bytes = [0_u8; 32];
    clock.fill_random(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The machine's own clock and the operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's time")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }

    #[allow(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    #[allow(clippy::expect_used, reason = "a machine without randomness must not go on")]
    fn fill_random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}
