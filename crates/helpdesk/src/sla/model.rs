//! The words of the clocks.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::policies::model::{EscalationAction, Recipient};
use crate::calendars::{Calendar, OpenInterval, Seconds};
use crate::ids::{AgentId, PolicyId, PolicyVersionId, TicketId, ViolationId};
use crate::tickets::model::Priority;

kamhub_kernel::wire_enum! {
    /// What a clock measures.
    pub enum Metric {
        /// From the customer's first message to the first public reply by a person.
        FirstResponse = "first_response",
        /// From the oldest unanswered message of the customer to the next public reply by a person.
        NextResponse = "next_response",
        /// From creation until the ticket is resolved.
        Resolution = "resolution",
    }
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

kamhub_kernel::wire_enum! {
    /// Why a target was missed.
    pub enum BreachCause {
        /// The time ran out.
        Elapsed = "elapsed",
        /// A new target was already used up when it was set.
        Retarget = "retarget",
        /// An edit of the calendar put the deadline into the past.
        CalendarEdit = "calendar_edit",
        /// A merge brought a customer's message whose deadline had passed.
        Merge = "merge",
        /// The deadline had passed when the history was imported: it alerts nobody.
        Imported = "imported",
    }
}

kamhub_kernel::wire_enum! {
    /// Why a clock was cancelled.
    pub enum CancelReason {
        /// The ticket was merged into another.
        Merged = "merged",
        /// Its policy was deactivated.
        PolicyDeactivated = "policy_deactivated",
        /// The policy that applies now has no target for this metric.
        NoTarget = "no_target",
        /// The ticket was deleted.
        TicketDeleted = "ticket_deleted",
    }
}

kamhub_kernel::wire_enum! {
    /// Where a clock is in its life.
    pub enum ClockState {
        /// Time counts.
        Running = "running",
        /// Time does not count until the clock is resumed.
        Paused = "paused",
        /// What it waited for has happened, in time or not.
        Fulfilled = "fulfilled",
        /// It no longer matters.
        Cancelled = "cancelled",
    }
}

/// A stretch in which a clock ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stretch {
    /// When it began to run.
    pub from: DateTime<Utc>,
    /// When it stopped.
    pub to: DateTime<Utc>,
    /// What counted, where that was settled under hours that the clock no longer counts by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Vec<OpenInterval>>,
}

impl Stretch {
    /// One that counts by the hours of its clock.
    #[must_use]
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to, settled: None }
    }

    /// What has counted stays as these hours have it, unless it was settled before.
    pub fn settle(&mut self, calendar: &Calendar) {
        if self.settled.is_none() {
            self.settled = Some(calendar.open_intervals(self.from, self.to).collect());
        }
    }

    /// Each interval that counts.
    #[must_use]
    pub fn open(&self, calendar: &Calendar) -> Vec<OpenInterval> {
        let counted = || calendar.open_intervals(self.from, self.to).collect();
        self.settled.clone().unwrap_or_else(counted)
    }

    /// The open time in it.
    #[must_use]
    pub fn counted(&self, calendar: &Calendar) -> Seconds {
        match &self.settled {
            Some(open) => open.iter().map(OpenInterval::seconds).fold(Seconds::ZERO, Seconds::plus),
            None => calendar.elapsed(self.from, self.to),
        }
    }

    /// The instant at which so much of it had counted.
    #[must_use]
    pub fn at(&self, counted: Seconds, calendar: &Calendar) -> DateTime<Utc> {
        let Some(open) = self.settled.as_ref().filter(|_| counted > Seconds::ZERO) else {
            return calendar.add(self.from, counted);
        };
        let mut left = counted;
        for open in open {
            if left <= open.seconds() {
                let left = i64::try_from(left.get()).unwrap_or(i64::MAX);
                return open.opens_at + TimeDelta::seconds(left);
            }
            left = left.minus(open.seconds());
        }
        self.to
    }
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

kamhub_kernel::wire_enum! {
    /// The contract's names of broken promises, and ours for each next response.
    pub enum ViolationType {
        /// Nobody answered in time.
        FirstResponse = "FIRST_RESPONSE_SLA",
        /// The ticket was not resolved in time.
        Resolution = "RESOLUTION_SLA",
        /// Nobody answered a later message in time.
        NextResponse = "NEXT_RESPONSE_SLA",
    }
}

impl Metric {
    /// What it is called when its target is missed.
    pub fn violation(self) -> ViolationType {
        match self {
            Self::FirstResponse => ViolationType::FirstResponse,
            Self::NextResponse => ViolationType::NextResponse,
            Self::Resolution => ViolationType::Resolution,
        }
    }
}

impl ViolationType {
    /// What was to be measured.
    pub fn metric(self) -> Metric {
        match self {
            Self::FirstResponse => Metric::FirstResponse,
            Self::NextResponse => Metric::NextResponse,
            Self::Resolution => Metric::Resolution,
        }
    }
}

/// Something about a clock that people have to be told. Imported history makes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub ticket_number: String,
    /// What it is about, in one line.
    pub subject: String,
    /// Its priority.
    pub priority: Priority,
    /// What the clock measures.
    pub metric: Metric,
    /// Which instance of the metric.
    pub number: u32,
    /// What there is to tell.
    pub kind: NoticeKind,
    /// The violation; a warning has none.
    pub violation: Option<ViolationId>,
    /// When the target runs out, or ran out.
    pub due_at: DateTime<Utc>,
    /// The open time allowed.
    pub target: Seconds,
    /// Who works on the ticket.
    pub agent: Option<AgentId>,
    /// The ticket's team.
    pub team: Option<String>,
    /// The policy that the clock counts by.
    pub policy: PolicyId,
    /// The version whose step it is.
    pub policy_version: PolicyVersionId,
}

/// What there is to tell of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeKind {
    /// Its target is about to run out; told late, it may have run out meanwhile.
    Warning {
        /// Which warning of the policy, from 0.
        step: usize,
    },
    /// Its target has run out.
    Breach,
    /// Nobody has acknowledged the violation for some time.
    Escalation {
        /// Which escalation of the policy, from 0.
        step: usize,
        /// Who is told.
        recipients: Vec<Recipient>,
        /// What is done beside telling them.
        action: EscalationAction,
    },
}

/// A promise that was not kept, as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Violation {
    /// The id.
    pub id: ViolationId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The policy that the clock counted by.
    pub policy_id: Option<PolicyId>,
    /// What was not kept.
    pub violation_type: ViolationType,
    /// Which instance of it.
    pub instance: i32,
    /// One sentence, as of when it was noticed.
    pub message: String,
    /// Why the target was missed.
    pub cause: BreachCause,
    /// Who had the ticket when it was noticed.
    pub agent_id: Option<AgentId>,
    /// The ticket's team then.
    pub team: Option<String>,
    /// When the target ran out.
    pub breached_at: DateTime<Utc>,
    /// When that was noticed.
    pub detected_at: DateTime<Utc>,
    /// When somebody acknowledged it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// The user, or the API key.
    pub acknowledged_by: Option<i64>,
    /// Their name.
    pub acknowledged_by_name: Option<String>,
    /// What they said to it.
    pub acknowledgement_note: Option<String>,
}

impl Violation {
    /// Whether the target had run out before its history was imported: it alerts nobody.
    pub fn is_historical(&self) -> bool {
        self.cause == BreachCause::Imported
    }
}

/// Which violations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ViolationFilter {
    /// Of this type.
    pub kind: Option<ViolationType>,
    /// Seen by somebody, or not.
    pub acknowledged: Option<bool>,
    /// Of tickets that this agent had.
    pub agent: Option<AgentId>,
    /// The target ran out then or later.
    pub from: Option<DateTime<Utc>>,
    /// The target ran out then or earlier.
    pub until: Option<DateTime<Utc>>,
}

/// The sort key of a violation, inside a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViolationKey {
    /// When the target ran out.
    pub breached_at: DateTime<Utc>,
    /// The violation.
    pub violation: ViolationId,
}
