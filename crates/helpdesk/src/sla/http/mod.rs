//! The calls of the clocks; those of the policies are in their own room.

pub mod acknowledge;
pub mod check;
pub mod explain;
pub mod violation_list;
pub mod violations_of_ticket;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{BreachCause, Violation, ViolationType};
use crate::ids::{AgentId, PolicyId, TicketId, ViolationId};

/// A promise that was not kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViolationView {
    /// The id.
    pub id: ViolationId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The policy that the clock counted by.
    pub policy_id: Option<PolicyId>,
    /// What was not kept.
    #[serde(rename = "type")]
    pub kind: ViolationType,
    /// Which instance of it: 1, except for next responses.
    #[schema(examples(1))]
    pub instance: i32,
    /// One sentence with the time used and the time allowed, in hours of open time.
    #[schema(examples("First response SLA violated: 5.50h > 4h"))]
    pub message: String,
    /// Why: the time ran out, or a change moved the deadline into the past.
    pub cause: BreachCause,
    /// The target had run out before the ticket's history was imported: it alerted nobody.
    pub historical: bool,
    /// When the target ran out.
    pub breached_at: DateTime<Utc>,
    /// When that was noticed.
    pub detected_at: DateTime<Utc>,
    /// Who had the ticket then.
    pub agent_id: Option<AgentId>,
    /// The ticket's team then.
    #[schema(examples("payments"))]
    pub team: Option<String>,
    /// Whether somebody has seen it.
    pub acknowledged: bool,
    /// When.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Who: the user, or the API key.
    #[schema(examples("7"))]
    pub acknowledged_by: Option<String>,
    /// Who, by name.
    #[schema(examples("Анна Лебедева"))]
    pub acknowledged_by_name: Option<String>,
    /// What they said to it.
    #[schema(examples("Called the customer"))]
    pub note: Option<String>,
}

impl From<Violation> for ViolationView {
    fn from(row: Violation) -> Self {
        Self {
            historical: row.is_historical(),
            acknowledged: row.acknowledged_at.is_some(),
            acknowledged_by: row.acknowledged_by.map(|id| id.to_string()),
            id: row.id,
            ticket_id: row.ticket_id,
            policy_id: row.policy_id,
            kind: row.violation_type,
            instance: row.instance,
            message: row.message,
            cause: row.cause,
            breached_at: row.breached_at,
            detected_at: row.detected_at,
            agent_id: row.agent_id,
            team: row.team,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by_name: row.acknowledged_by_name,
            note: row.acknowledgement_note,
        }
    }
}
