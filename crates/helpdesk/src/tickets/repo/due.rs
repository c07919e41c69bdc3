//! Deadlines of tickets, as the clocks keep them here.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::postgres::types::PgInterval;

use crate::category::Category;
use crate::ids::{AgentId, TicketId};
use crate::tickets::model::{Head, Priority};
use crate::tickets::state::Status;

/// Keeps the earliest deadline, and the place in the queue that follows from it.
pub(in crate::tickets) async fn set(
    tx: &mut PgConnection,
    deadlines: &[(TicketId, Option<DateTime<Utc>>)],
) -> DbResult<()> {
    let ids: Vec<i64> = deadlines.iter().map(|(id, _)| id.0).collect();
    let due: Vec<Option<DateTime<Utc>>> = deadlines.iter().map(|(_, due)| *due).collect();
    let spans: Vec<PgInterval> = Priority::ALL
        .iter()
        .map(|priority| PgInterval {
            months: 0,
            days: 0,
            microseconds: priority.queue_span().num_microseconds().unwrap_or_default(),
        })
        .collect();
    sqlx::query!(
        "UPDATE tickets SET sla_due_at = given.due,
             queue_at = LEAST(created_at + ($3::interval[])[priority_rank], given.due),
             updated_at = updated_at
         FROM unnest($1::bigint[], $2::timestamptz[]) AS given (ticket, due)
         WHERE id = given.ticket",
        &ids,
        &due as &[Option<DateTime<Utc>>],
        &spans
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks what is free, without waiting.
pub(in crate::tickets) async fn lock_free(
    tx: &mut PgConnection,
    ids: &[TicketId],
) -> DbResult<Vec<Head>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        Head,
        r#"SELECT id AS "id: TicketId", ticket_number, subject, category AS "category: Category",
               priority AS "priority: Priority", status AS "status: Status",
               agent_id AS "agent_id: AgentId", team, created_at, sla_due_at
           FROM tickets WHERE id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED"#,
        &ids
    )
    .fetch_all(tx)
    .await?)
}

/// Locks one ticket, also a deleted one.
pub(in crate::tickets) async fn lock(
    tx: &mut PgConnection,
    id: TicketId,
) -> DbResult<Option<Head>> {
    Ok(sqlx::query_as!(
        Head,
        r#"SELECT id AS "id: TicketId", ticket_number, subject, category AS "category: Category",
               priority AS "priority: Priority", status AS "status: Status",
               agent_id AS "agent_id: AgentId", team, created_at, sla_due_at
           FROM tickets WHERE id = $1 FOR NO KEY UPDATE"#,
        id.0
    )
    .fetch_optional(tx)
    .await?)
}

/// Tickets that are neither resolved nor closed, in the order of their ids.
pub(in crate::tickets) async fn open_after(
    connection: &mut PgConnection,
    after: TicketId,
    most: i64,
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM tickets
           WHERE id > $1 AND deleted_at IS NULL AND merged_into_id IS NULL
             AND status IN ('open', 'in_progress', 'reopened', 'waiting_customer', 'on_hold')
           ORDER BY id LIMIT $2"#,
        after.0,
        most
    )
    .fetch_all(connection)
    .await?)
}
