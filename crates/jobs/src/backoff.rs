//! When a failed job is tried again.

use std::time::Duration;

use kamhub_kernel::Clock;

/// The longest wait that a receiver may ask for with `Retry-After`: a hostile header must not park a job for years.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Never at once: a failed job lets others go first.
const SHORTEST: Duration = Duration::from_millis(10);

/// Exponential backoff with full jitter: before attempt `n + 1` a job waits a uniformly random time between zero
/// and `first * 2^(n-1)`, at most `longest`.
///
/// Full jitter spreads the retries of jobs that failed together over the whole span, so that they do not come
/// back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The upper bound of the wait after the first failure.
    pub first: Duration,
    /// The upper bound of every wait.
    pub longest: Duration,
}

impl Backoff {
    /// With the default of 25 attempts: about three days from the first failure to the last attempt.
    pub const DEFAULT: Self =
        Self { first: Duration::from_secs(5), longest: Duration::from_secs(12 * 3600) };

    /// The upper bound of the wait after `failures` failures (from 1).
    #[must_use]
    pub fn ceiling(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    /// The wait after `failures` failures. Where the receiver asked for a wait (`retry_after`) the job comes back
    /// no earlier than that, spread over the first step of the backoff.
    pub(crate) fn delay(
        &self,
        failures: u32,
        retry_after: Option<Duration>,
        clock: &dyn Clock,
    ) -> Duration {
        match retry_after {
            Some(asked) => {
                asked.min(LONGEST_RETRY_AFTER) + self.ceiling(1).mul_f64(unit_random(clock))
            }
            None => self.ceiling(failures).mul_f64(unit_random(clock)).max(SHORTEST),
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A random number in `[0, 1]`.
fn unit_random(clock: &dyn Clock) -> f64 {
    let mut bytes = [0; 4];
    clock.fill_random(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use chrono::{DateTime, Utc};

    use super::*;

    /// A clock whose random numbers come from a fixed sequence.
    struct Sequence(AtomicU64);

    impl Clock for Sequence {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn fill_random(&self, bytes: &mut [u8]) {
            for byte in bytes {
                let step = |x: u64| Some(x.wrapping_mul(6364136223846793005).wrapping_add(1));
                let state = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
                *byte = (state.unwrap_or_else(|x| x) >> 40) as u8;
            }
        }
    }

    #[test]
    fn a_delay_is_spread_over_zero_to_the_ceiling() {
        let clock = Sequence(AtomicU64::new(7));
        for failures in 1..40 {
            let ceiling = Backoff::DEFAULT.ceiling(failures);
            let delays: Vec<_> =
                (0..500).map(|_| Backoff::DEFAULT.delay(failures, None, &clock)).collect();
            assert!(delays.iter().all(|delay| *delay <= ceiling));
            assert!(delays.iter().any(|delay| *delay < ceiling / 10));
            assert!(delays.iter().any(|delay| *delay > ceiling / 10 * 9));
        }
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_wait() {
        let backoff = Backoff { first: Duration::from_secs(2), longest: Duration::from_secs(60) };
        let seconds: Vec<_> = (1..8).map(|n| backoff.ceiling(n).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.ceiling(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn the_default_attempts_take_about_three_days() {
        let expected: Duration = (1..25).map(|n| Backoff::DEFAULT.ceiling(n) / 2).sum();
        let days = expected.as_secs_f64() / 86_400.0;
        assert!((2.5..3.5).contains(&days), "{days} days");
    }

    #[test]
    fn a_retry_after_is_a_lower_bound_and_itself_bounded() {
        let clock = Sequence(AtomicU64::new(7));
        for _ in 0..500 {
            let asked = Duration::from_secs(120);
            let delay = Backoff::DEFAULT.delay(1, Some(asked), &clock);
            assert!(delay >= asked && delay <= asked + Backoff::DEFAULT.first);
        }
        let delay = Backoff::DEFAULT.delay(1, Some(Duration::MAX), &clock);
        assert!(delay <= LONGEST_RETRY_AFTER + Backoff::DEFAULT.first);
    }
}
