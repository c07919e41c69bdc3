//! Violations.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use serde::Serialize;
use serde_json::json;

use crate::ids::{AgentId, PolicyId, TicketId, ViolationId};
use crate::sla::model::{BreachCause, Violation, ViolationType};

/// A violation to be stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::sla) struct NewViolation {
    pub(in crate::sla) ticket_id: TicketId,
    pub(in crate::sla) policy_id: PolicyId,
    pub(in crate::sla) violation_type: ViolationType,
    pub(in crate::sla) instance: u32,
    pub(in crate::sla) message: String,
    pub(in crate::sla) cause: BreachCause,
    pub(in crate::sla) agent_id: Option<AgentId>,
    pub(in crate::sla) team: Option<String>,
    pub(in crate::sla) breached_at: DateTime<Utc>,
    pub(in crate::sla) detected_at: DateTime<Utc>,
}

/// A violation that was stored, or counts again.
pub(in crate::sla) struct Stored {
    pub(in crate::sla) id: ViolationId,
    pub(in crate::sla) ticket_id: TicketId,
    pub(in crate::sla) violation_type: ViolationType,
    pub(in crate::sla) instance: i32,
}

/// Stores violations. One that is there already changes nothing and is not among the answer; one that
/// was withdrawn counts again.
pub(in crate::sla) async fn insert(
    tx: &mut PgConnection,
    violations: &[NewViolation],
    now: DateTime<Utc>,
) -> DbResult<Vec<Stored>> {
    Ok(sqlx::query_as!(
        Stored,
        r#"INSERT INTO sla_violations AS violation (ticket_id, policy_id, violation_type, instance,
               message, cause, agent_id, team, breached_at, detected_at, created_at, updated_at)
           SELECT ticket_id, policy_id, violation_type, instance, message, cause, agent_id, team,
               breached_at, detected_at, $2, $2
           FROM jsonb_populate_recordset(NULL::sla_violations, $1)
           ON CONFLICT (ticket_id, violation_type, instance) DO UPDATE SET withdrawn_at = NULL,
               message = excluded.message, cause = excluded.cause, agent_id = excluded.agent_id,
               team = excluded.team, breached_at = excluded.breached_at,
               detected_at = excluded.detected_at, updated_at = excluded.updated_at
           WHERE violation.withdrawn_at IS NOT NULL
           RETURNING id AS "id: ViolationId", ticket_id AS "ticket_id: TicketId",
               violation_type AS "violation_type: ViolationType", instance"#,
        json!(violations),
        now
    )
    .fetch_all(tx)
    .await?)
}

/// Withdraws violations of a ticket.
pub(in crate::sla) async fn withdraw(
    tx: &mut PgConnection,
    ticket: TicketId,
    which: &[(ViolationType, u32)],
    now: DateTime<Utc>,
) -> DbResult<()> {
    let types: Vec<String> = which.iter().map(|(kind, _)| kind.to_string()).collect();
    let instances: Vec<i32> = which.iter().map(|(_, number)| number.cast_signed()).collect();
    sqlx::query!(
        "UPDATE sla_violations SET withdrawn_at = $4, updated_at = $4
         WHERE ticket_id = $1 AND withdrawn_at IS NULL AND (violation_type, instance) IN
             (SELECT gone.type, gone.instance FROM unnest($2::text[], $3::integer[]) AS gone (type, instance))",
        ticket.0,
        &types,
        &instances,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The violations of a ticket, in the order in which the targets ran out.
pub(in crate::sla) async fn of_ticket(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<Vec<Violation>> {
    Ok(sqlx::query_as!(
        Violation,
        r#"SELECT id AS "id: ViolationId", ticket_id AS "ticket_id: TicketId",
               policy_id AS "policy_id: PolicyId",
               violation_type AS "violation_type: ViolationType", instance, message,
               cause AS "cause: BreachCause", agent_id AS "agent_id: AgentId", team, breached_at,
               detected_at, acknowledged_at, acknowledged_by, acknowledged_by_name,
               acknowledgement_note
           FROM sla_violations WHERE ticket_id = $1 AND withdrawn_at IS NULL
           ORDER BY breached_at, id"#,
        ticket.0
    )
    .fetch_all(connection)
    .await?)
}

/// The ids of those of the tickets' violations.
pub(in crate::sla) async fn ids(
    connection: &mut PgConnection,
    tickets: &[TicketId],
) -> DbResult<Vec<Stored>> {
    let tickets: Vec<i64> = tickets.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        Stored,
        r#"SELECT id AS "id: ViolationId", ticket_id AS "ticket_id: TicketId",
               violation_type AS "violation_type: ViolationType", instance
           FROM sla_violations WHERE ticket_id = ANY ($1) AND withdrawn_at IS NULL"#,
        &tickets
    )
    .fetch_all(connection)
    .await?)
}
