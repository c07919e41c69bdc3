//! The words of the clocks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a clock measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// From the customer's first message to the first public reply by a person.
    FirstResponse,
    /// From the oldest unanswered message of the customer to the next public reply by a person.
    NextResponse,
    /// From creation until the ticket is resolved.
    Resolution,
}

/// When something happened, and when it was written down; the same unless history was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was recorded, not before `at`.
    pub recorded_at: DateTime<Utc>,
}

impl Moment {
    /// Something recorded as it happens.
    #[must_use]
    pub fn live(at: DateTime<Utc>) -> Self {
        Self { at, recorded_at: at }
    }
}

/// Why a target was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreachCause {
    /// The time ran out.
    Elapsed,
    /// A new target was already used up when it was set.
    Retarget,
    /// An edit of the calendar put the deadline into the past.
    CalendarEdit,
    /// A merge brought a customer's message whose deadline had passed.
    Merge,
    /// The deadline had passed when the history was imported: it alerts nobody.
    Imported,
}

/// Why a clock was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The ticket was merged into another.
    Merged,
    /// Its policy was deactivated.
    PolicyDeactivated,
    /// The policy that applies now has no target for this metric.
    NoTarget,
    /// The ticket was deleted.
    TicketDeleted,
}

/// Where a clock is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Time counts.
    Running,
    /// Time does not count until the clock is resumed.
    Paused,
    /// What it waited for has happened, in time or not.
    Fulfilled,
    /// It no longer matters.
    Cancelled,
}

/// A stretch in which a clock ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stretch {
    /// When it began to run.
    pub from: DateTime<Utc>,
    /// When it stopped.
    pub to: DateTime<Utc>,
}

/// The end of a clock that no longer matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cancellation {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: CancelReason,
}

/// The last change that moved a deadline by decree rather than by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    /// When.
    pub at: DateTime<Utc>,
    /// The cause of a breach whose deadline is not after `at`.
    pub cause: BreachCause,
}
