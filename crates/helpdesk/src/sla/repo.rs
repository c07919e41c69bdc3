//! The SQL of the clocks. Rows travel as JSON, so that one statement writes as many as there are.

pub(super) mod violation_lists;
pub(super) mod violations;

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;

use super::model::{BreachCause, CancelReason, ClockState, Metric, Stretch};
use super::terms::Phase;
use crate::ids::{CalendarId, CalendarVersionId, PolicyId, PolicyVersionId, TicketId};

/// A row of `sla_tickets`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TicketRow {
    pub(super) ticket_id: TicketId,
    pub(super) policy_id: Option<PolicyId>,
    pub(super) policy_version_id: Option<PolicyVersionId>,
    pub(super) calendar_id: Option<CalendarId>,
    pub(super) calendar_version_id: Option<CalendarVersionId>,
    pub(super) phase: Phase,
    pub(super) ended: Option<CancelReason>,
    pub(super) last_at: DateTime<Utc>,
    pub(super) open_clocks: i16,
    pub(super) next_step_at: Option<DateTime<Utc>>,
}

/// A row of `sla_clocks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ClockRow {
    pub(super) ticket_id: TicketId,
    pub(super) metric: Metric,
    pub(super) number: i32,
    pub(super) place: i32,
    pub(super) policy_id: PolicyId,
    pub(super) policy_version_id: PolicyVersionId,
    pub(super) calendar_id: CalendarId,
    pub(super) calendar_version_id: CalendarVersionId,
    pub(super) target_seconds: i64,
    pub(super) consumed_seconds: i64,
    pub(super) state: ClockState,
    pub(super) started_at: DateTime<Utc>,
    pub(super) imported_at: Option<DateTime<Utc>>,
    pub(super) running_since: Option<DateTime<Utc>>,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) warned_steps: i32,
    pub(super) escalated_steps: i32,
    pub(super) warned_at: Option<DateTime<Utc>>,
    pub(super) breached_at: Option<DateTime<Utc>>,
    pub(super) detected_at: Option<DateTime<Utc>>,
    pub(super) cause: Option<BreachCause>,
    pub(super) acknowledged_at: Option<DateTime<Utc>>,
    pub(super) fulfilled_at: Option<DateTime<Utc>>,
    pub(super) fulfilled_by: Option<i64>,
    pub(super) cancelled_at: Option<DateTime<Utc>>,
    pub(super) cancel_reason: Option<CancelReason>,
    pub(super) adjusted_at: Option<DateTime<Utc>>,
    pub(super) adjusted_cause: Option<BreachCause>,
    pub(super) stretches: Json<Vec<Stretch>>,
}

/// What is kept of these tickets.
pub(super) async fn tickets(
    connection: &mut PgConnection,
    ids: &[TicketId],
) -> DbResult<Vec<TicketRow>> {
    Ok(sqlx::query_as!(
        TicketRow,
        r#"SELECT ticket_id AS "ticket_id: TicketId", policy_id AS "policy_id: PolicyId",
               policy_version_id AS "policy_version_id: PolicyVersionId",
               calendar_id AS "calendar_id: CalendarId",
               calendar_version_id AS "calendar_version_id: CalendarVersionId",
               phase AS "phase: Phase", ended AS "ended: CancelReason", last_at, open_clocks,
               next_step_at
           FROM sla_tickets WHERE ticket_id = ANY ($1)"#,
        &numbers(ids)
    )
    .fetch_all(connection)
    .await?)
}

/// The clocks of these tickets, each ticket's in the order in which they started.
pub(super) async fn clocks(
    connection: &mut PgConnection,
    ids: &[TicketId],
) -> DbResult<Vec<ClockRow>> {
    Ok(sqlx::query_as!(
        ClockRow,
        r#"SELECT ticket_id AS "ticket_id: TicketId", metric AS "metric: Metric", number, place,
               policy_id AS "policy_id: PolicyId",
               policy_version_id AS "policy_version_id: PolicyVersionId",
               calendar_id AS "calendar_id: CalendarId",
               calendar_version_id AS "calendar_version_id: CalendarVersionId",
               target_seconds, consumed_seconds, state AS "state: ClockState", started_at,
               imported_at, running_since, due_at, warned_steps, escalated_steps, warned_at,
               breached_at, detected_at, cause AS "cause: BreachCause", acknowledged_at,
               fulfilled_at, fulfilled_by, cancelled_at,
               cancel_reason AS "cancel_reason: CancelReason", adjusted_at,
               adjusted_cause AS "adjusted_cause: BreachCause",
               stretches AS "stretches: Json<Vec<Stretch>>"
           FROM sla_clocks WHERE ticket_id = ANY ($1) ORDER BY ticket_id, place"#,
        &numbers(ids)
    )
    .fetch_all(connection)
    .await?)
}

/// When the first of the running clocks runs out that wait for an answer.
pub(super) async fn answer_due(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "SELECT min(due_at) FROM sla_clocks
         WHERE ticket_id = $1 AND metric IN ('first_response', 'next_response') AND state = 'running'",
        ticket.0
    )
    .fetch_one(connection)
    .await?)
}

/// Writes what is kept of tickets, and these clocks of theirs, new or changed.
pub(super) async fn save(
    tx: &mut PgConnection,
    tickets: &[TicketRow],
    clocks: &[ClockRow],
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "WITH kept AS (
             INSERT INTO sla_tickets (ticket_id, policy_id, policy_version_id, calendar_id,
                 calendar_version_id, phase, ended, last_at, open_clocks, next_step_at, created_at,
                 updated_at)
             SELECT ticket_id, policy_id, policy_version_id, calendar_id, calendar_version_id, phase,
                 ended, last_at, open_clocks, next_step_at, $3, $3
             FROM jsonb_populate_recordset(NULL::sla_tickets, $1)
             ON CONFLICT (ticket_id) DO UPDATE SET policy_id = excluded.policy_id,
                 policy_version_id = excluded.policy_version_id,
                 calendar_id = excluded.calendar_id,
                 calendar_version_id = excluded.calendar_version_id, phase = excluded.phase,
                 ended = excluded.ended, last_at = excluded.last_at,
                 open_clocks = excluded.open_clocks, next_step_at = excluded.next_step_at,
                 updated_at = excluded.updated_at)
         INSERT INTO sla_clocks (ticket_id, metric, number, place, policy_id, policy_version_id,
             calendar_id, calendar_version_id, target_seconds, consumed_seconds, state, started_at,
             imported_at, running_since, due_at, warned_steps, escalated_steps, warned_at,
             breached_at, detected_at, cause, acknowledged_at, fulfilled_at, fulfilled_by,
             cancelled_at, cancel_reason, adjusted_at, adjusted_cause, stretches, created_at,
             updated_at)
         SELECT ticket_id, metric, number, place, policy_id, policy_version_id, calendar_id,
             calendar_version_id, target_seconds, consumed_seconds, state, started_at, imported_at,
             running_since, due_at, warned_steps, escalated_steps, warned_at, breached_at,
             detected_at, cause, acknowledged_at, fulfilled_at, fulfilled_by, cancelled_at,
             cancel_reason, adjusted_at, adjusted_cause, stretches, $3, $3
         FROM jsonb_populate_recordset(NULL::sla_clocks, $2)
         ON CONFLICT (ticket_id, metric, number) DO UPDATE SET place = excluded.place,
             policy_id = excluded.policy_id, policy_version_id = excluded.policy_version_id,
             calendar_id = excluded.calendar_id,
             calendar_version_id = excluded.calendar_version_id,
             target_seconds = excluded.target_seconds,
             consumed_seconds = excluded.consumed_seconds, state = excluded.state,
             started_at = excluded.started_at, imported_at = excluded.imported_at,
             running_since = excluded.running_since, due_at = excluded.due_at,
             warned_steps = excluded.warned_steps, escalated_steps = excluded.escalated_steps,
             warned_at = excluded.warned_at, breached_at = excluded.breached_at,
             detected_at = excluded.detected_at, cause = excluded.cause,
             acknowledged_at = excluded.acknowledged_at, fulfilled_at = excluded.fulfilled_at,
             fulfilled_by = excluded.fulfilled_by, cancelled_at = excluded.cancelled_at,
             cancel_reason = excluded.cancel_reason, adjusted_at = excluded.adjusted_at,
             adjusted_cause = excluded.adjusted_cause, stretches = excluded.stretches,
             updated_at = excluded.updated_at",
        json!(tickets),
        json!(clocks),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes away clocks of a ticket that, as it turned out, never ran.
pub(super) async fn remove(
    tx: &mut PgConnection,
    ticket: TicketId,
    clocks: &[(Metric, u32)],
) -> DbResult<()> {
    let metrics: Vec<String> = clocks.iter().map(|(metric, _)| metric.to_string()).collect();
    let instances: Vec<i32> = clocks.iter().map(|(_, number)| number.cast_signed()).collect();
    sqlx::query!(
        "DELETE FROM sla_clocks WHERE ticket_id = $1 AND (metric, number) IN
             (SELECT gone.metric, gone.number FROM unnest($2::text[], $3::integer[]) AS gone (metric, number))",
        ticket.0,
        &metrics,
        &instances
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Tickets for which something is due, longest due first, locked; what another sweep holds is left to it.
pub(super) async fn due(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    most: i64,
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT ticket_id AS "ticket_id: TicketId" FROM sla_tickets
           WHERE next_step_at <= $1 ORDER BY next_step_at LIMIT $2 FOR UPDATE SKIP LOCKED"#,
        now,
        most
    )
    .fetch_all(tx)
    .await?)
}

/// The newest tickets of which something is kept.
pub(super) async fn newest(connection: &mut PgConnection, most: i64) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT ticket_id AS "ticket_id: TicketId" FROM sla_tickets ORDER BY ticket_id DESC LIMIT $1"#,
        most
    )
    .fetch_all(connection)
    .await?)
}

/// Those of the tickets of which something is kept.
pub(super) async fn known(
    connection: &mut PgConnection,
    ids: &[TicketId],
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT ticket_id AS "ticket_id: TicketId" FROM sla_tickets WHERE ticket_id = ANY ($1)"#,
        &numbers(ids)
    )
    .fetch_all(connection)
    .await?)
}

/// Tickets after `after` with clocks that wait, under this calendar but not this version of it.
pub(super) async fn open_under_calendar(
    connection: &mut PgConnection,
    calendar: CalendarId,
    version: CalendarVersionId,
    after: TicketId,
    most: i64,
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT ticket_id AS "ticket_id: TicketId" FROM sla_tickets
           WHERE calendar_id = $1 AND open_clocks > 0 AND ticket_id > $3
             AND calendar_version_id <> $2
           ORDER BY ticket_id LIMIT $4"#,
        calendar.0,
        version.0,
        after.0,
        most
    )
    .fetch_all(connection)
    .await?)
}

/// Tickets after `after` with clocks that wait, under this policy.
pub(super) async fn open_under_policy(
    connection: &mut PgConnection,
    policy: PolicyId,
    after: TicketId,
    most: i64,
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT ticket_id AS "ticket_id: TicketId" FROM sla_tickets
           WHERE policy_id = $1 AND open_clocks > 0 AND ticket_id > $2 ORDER BY ticket_id LIMIT $3"#,
        policy.0,
        after.0,
        most
    )
    .fetch_all(connection)
    .await?)
}

/// How many clocks run, counted up to 100,000, and since when something has been due that nobody has
/// done.
pub(super) async fn gauges(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> DbResult<(i64, Option<DateTime<Utc>>)> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM
                   (SELECT FROM sla_clocks WHERE state = 'running' LIMIT 100000) AS counted) AS "running!",
               (SELECT min(next_step_at) FROM sla_tickets WHERE next_step_at <= $1) AS oldest"#,
        now
    )
    .fetch_one(connection)
    .await?;
    Ok((row.running, row.oldest))
}

fn numbers(ids: &[TicketId]) -> Vec<i64> {
    ids.iter().map(|id| id.0).collect()
}
