//! From when to when a report looks.

use chrono::{DateTime, Duration, Utc};
use kamhub_kernel::{Clock, Faults};
use serde::Serialize;
use utoipa::ToSchema;

/// The days of a period where none is given (contract, section 1).
const DEFAULT_DAYS: i64 = 30;
/// The most days of a period: what a report reads stays bounded.
const MOST_DAYS: i64 = 366;

/// From when to when a report looks, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Period {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The last moment.
    pub to: DateTime<Utc>,
}

impl Period {
    /// The period that is asked for; an end that is not given is now, a beginning 30 days earlier.
    ///
    /// # Errors
    /// A fault of `from`: the period ends before it begins, or is longer than 366 days.
    pub fn of(
        clock: &dyn Clock,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Self, Faults> {
        let to = to.unwrap_or_else(|| clock.now());
        let default = to.checked_sub_signed(Duration::days(DEFAULT_DAYS)).unwrap_or(to);
        let from = from.unwrap_or(default);
        if from > to {
            return Err(Faults::of("from", "From must not be later than to"));
        }
        if to - from > Duration::days(MOST_DAYS) {
            let sentence = format!("From must be at most {MOST_DAYS} days before to");
            return Err(Faults::of("from", sentence));
        }
        Ok(Self { from, to })
    }
}
