//! Runs, what they are asked for and what they find.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendars::CalendarSpec;
use crate::ids::{CalendarId, PolicyId, PolicyVersionId, RunId, TicketId};
use crate::sla::model::{Metric, ViolationType};
use crate::sla::policies::model::PolicyDraft;

/// The most tickets that a simulation lists.
pub const LISTED_AT_MOST: usize = 1_000;

kamhub_kernel::wire_enum! {
    /// What a run does.
    pub enum RunKind {
        /// Brings open tickets under the policies in force.
        ReEvaluation = "re_evaluation",
        /// Counts past tickets by draft policies, and changes nothing.
        Simulation = "simulation",
    }
}

kamhub_kernel::wire_enum! {
    /// Where a run is.
    pub enum RunState {
        /// Nobody works on it yet.
        Waiting = "waiting",
        /// It is worked on.
        Running = "running",
        /// It is done.
        Done = "done",
        /// It was given up.
        Failed = "failed",
    }
}

/// A stored run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The run.
    pub id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// Where it is.
    pub state: RunState,
    /// What was asked for.
    pub request: serde_json::Value,
    /// What was found until now.
    pub result: serde_json::Value,
    /// The last ticket that was looked at.
    pub position: TicketId,
    /// Tickets to look at, counted when it was asked for.
    pub total: i64,
    /// Tickets that were looked at.
    pub done: i64,
    /// Why it was given up.
    pub failure: Option<String>,
    /// Who asked for it.
    pub created_by: String,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last went on.
    pub updated_at: DateTime<Utc>,
}

/// What a re-evaluation has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reevaluated {
    /// Tickets that count by other terms now.
    #[schema(examples(120))]
    pub changed: i64,
}

/// What a simulation is asked for, complete: nothing is looked up later, so every batch counts alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    /// Tickets created from then on.
    pub from: DateTime<Utc>,
    /// Tickets created until then.
    pub to: DateTime<Utc>,
    /// What had not happened by then counts as not happened.
    pub as_of: DateTime<Utc>,
    /// The last ticket created in the period, by id.
    pub last: i64,
    /// The policies, among them one for every ticket.
    pub policies: Vec<DraftRule>,
    /// The hours of every calendar that they name.
    pub calendars: Vec<DraftCalendar>,
}

/// A policy of a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftRule {
    /// What it promises.
    pub draft: PolicyDraft,
    /// Whether every other policy goes before it.
    pub fallback: bool,
}

/// The hours of a calendar in a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftCalendar {
    /// How policies name it.
    pub calendar_id: CalendarId,
    /// Its hours.
    pub spec: CalendarSpec,
}

/// Violations counted over tickets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Tickets.
    pub tickets: i64,
    /// Violations of the first response.
    pub first_response: i64,
    /// Violations of next responses.
    pub next_response: i64,
    /// Violations of the resolution.
    pub resolution: i64,
    /// Tickets with a violation of the first response or the resolution.
    pub violating: i64,
}

impl Tally {
    /// Counts one ticket with these violations.
    pub fn add(&mut self, violations: &[ViolationType]) {
        self.tickets += 1;
        for violation in violations {
            match violation {
                ViolationType::FirstResponse => self.first_response += 1,
                ViolationType::NextResponse => self.next_response += 1,
                ViolationType::Resolution => self.resolution += 1,
            }
        }
        self.violating += i64::from(violates(violations));
    }
}

/// Whether a ticket with these violations is in violation: next responses are counted apart.
#[must_use]
pub fn violates(violations: &[ViolationType]) -> bool {
    violations.iter().any(|violation| *violation != ViolationType::NextResponse)
}

/// What a simulation has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulated {
    /// As it was.
    pub now: Tally,
    /// As it would have been.
    pub then: Tally,
    /// Tickets that had no clocks, and are left out of both.
    pub unmeasured: i64,
    /// Tickets that would have kept what they broke.
    pub became_compliant: i64,
    /// Tickets that would have broken what they kept.
    pub became_violating: i64,
    /// Tickets that change sides, the first of them.
    pub changed: Vec<ChangedSides>,
}

/// A ticket that changes sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedSides {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    #[schema(examples("TKT-17"))]
    pub ticket_number: String,
    /// Its violations as it was.
    pub now: Vec<ViolationType>,
    /// Its violations as it would have been.
    pub then: Vec<ViolationType>,
}

/// What a re-evaluation would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReevaluationPreview {
    /// Open tickets that were looked at.
    #[schema(examples(340))]
    pub tickets: i64,
    /// Those that would count by other terms.
    #[schema(examples(120))]
    pub changing: i64,
    /// The first 100 of them, by id.
    pub examples: Vec<PreviewedTicket>,
}

/// A ticket that would count by other terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewedTicket {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    #[schema(examples("TKT-17"))]
    pub ticket_number: String,
    /// The policy that it counts by.
    pub policy_id: PolicyId,
    /// The version of that policy.
    pub policy_version_id: PolicyVersionId,
    /// The policy that it would count by.
    pub new_policy_id: PolicyId,
    /// The version of that policy.
    pub new_policy_version_id: PolicyVersionId,
    /// Its clocks that wait.
    pub clocks: Vec<PreviewedClock>,
}

/// A clock under other terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewedClock {
    /// What it measures.
    pub metric: Metric,
    /// Counts the instances of the metric on the ticket.
    #[schema(examples(1))]
    pub number: u32,
    /// When it is due; null while it is paused.
    pub due_at: Option<DateTime<Utc>>,
    /// When it would be due; null where it would be paused or cancelled.
    pub new_due_at: Option<DateTime<Utc>>,
    /// Whether it would be missed at once.
    #[schema(examples(false))]
    pub would_breach: bool,
}
