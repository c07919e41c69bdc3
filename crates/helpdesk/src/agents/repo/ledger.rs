//! The SQL of the load ledger.

use chrono::{DateTime, NaiveTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::Connection as _;

use crate::agents::decision::Standing;
use crate::agents::model::{AgentStatus, WorkingHours};
use crate::category::Category;
use crate::ids::AgentId;

struct Row {
    id: AgentId,
    name: String,
    status: AgentStatus,
    specialised: bool,
    timezone: String,
    working_hours_start: Option<NaiveTime>,
    working_hours_end: Option<NaiveTime>,
    open_tickets: i32,
    max_concurrent_tickets: i32,
    last_assigned_at: Option<DateTime<Utc>>,
}

impl From<Row> for Standing {
    fn from(row: Row) -> Self {
        Self {
            agent_id: row.id,
            name: row.name,
            status: row.status,
            specialised: row.specialised,
            timezone: row.timezone,
            hours: WorkingHours::from_times(row.working_hours_start, row.working_hours_end),
            open_tickets: row.open_tickets,
            max_concurrent_tickets: row.max_concurrent_tickets,
            last_assigned_at: row.last_assigned_at,
        }
    }
}

/// Every live agent; without a category everybody counts as specialised.
pub(in crate::agents) async fn standings(
    connection: &mut PgConnection,
    category: Option<Category>,
) -> DbResult<Vec<Standing>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.id AS "id: AgentId", a.name, a.status AS "status: AgentStatus",
                  ($1::text IS NULL OR $1 = ANY (a.specialization)) AS "specialised!",
                  a.timezone, a.working_hours_start, a.working_hours_end,
                  l.open_tickets, a.max_concurrent_tickets, l.last_assigned_at
           FROM support_agents a JOIN agent_load l ON l.agent_id = a.id
           WHERE a.deleted_at IS NULL"#,
        category.map(Category::as_str)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One live agent; specialised in what they are specialised in.
pub(in crate::agents) async fn standing(
    connection: &mut PgConnection,
    agent: AgentId,
) -> DbResult<Option<Standing>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT a.id AS "id: AgentId", a.name, a.status AS "status: AgentStatus",
                  true AS "specialised!",
                  a.timezone, a.working_hours_start, a.working_hours_end,
                  l.open_tickets, a.max_concurrent_tickets, l.last_assigned_at
           FROM support_agents a JOIN agent_load l ON l.agent_id = a.id
           WHERE a.id = $1 AND a.deleted_at IS NULL"#,
        agent as AgentId
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Into::into))
}

/// Raises the row of the most suitable of these agents who is not locked by another transaction and
/// still has room; answers who it is and how many tickets they have now.
pub(in crate::agents) async fn take_first_free(
    tx: &mut PgConnection,
    agents: &[AgentId],
    now: DateTime<Utc>,
) -> DbResult<Option<(AgentId, i32)>> {
    let ids: Vec<i64> = agents.iter().map(|agent| agent.0).collect();
    let row = sqlx::query!(
        r#"UPDATE agent_load SET open_tickets = open_tickets + 1, last_assigned_at = $2
           WHERE agent_id = (
               SELECT l.agent_id FROM agent_load l JOIN support_agents a ON a.id = l.agent_id
               WHERE l.agent_id = ANY ($1) AND a.deleted_at IS NULL AND a.status = 'online'
                 AND l.open_tickets < a.max_concurrent_tickets
               ORDER BY l.open_tickets::float8 / a.max_concurrent_tickets,
                        l.last_assigned_at NULLS FIRST, l.agent_id
               LIMIT 1 FOR UPDATE OF l SKIP LOCKED)
           RETURNING agent_id AS "agent_id: AgentId", open_tickets"#,
        &ids,
        now
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.agent_id, row.open_tickets)))
}

/// Waits for the row and holds it until the transaction ends.
pub(in crate::agents) async fn lock(tx: &mut PgConnection, agent: AgentId) -> DbResult<()> {
    sqlx::query!(
        r#"SELECT agent_id FROM agent_load WHERE agent_id = $1 FOR UPDATE"#,
        agent as AgentId
    )
    .fetch_optional(tx)
    .await?;
    Ok(())
}

/// Waits for the agent's row and raises it where there still is room. Without room the row is let go at once: whoever
/// held it and waited for the next one could wait in a circle with others.
pub(in crate::agents) async fn take_when_free(
    tx: &mut PgConnection,
    agent: AgentId,
    now: DateTime<Utc>,
) -> DbResult<Option<(AgentId, i32)>> {
    let mut held = tx.begin().await?;
    // The lock first, the look afterwards: a statement of its own sees what the one who held the row
    // has left behind.
    lock(&mut held, agent).await?;
    let taken = take_first_free(&mut held, &[agent], now).await?;
    match taken {
        Some(_) => held.commit().await?,
        None => held.rollback().await?,
    }
    Ok(taken)
}

/// One more; false where there is no such row.
pub(in crate::agents) async fn raise(
    tx: &mut PgConnection,
    agent: AgentId,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    let changed = sqlx::query!(
        "UPDATE agent_load SET open_tickets = open_tickets + 1, last_assigned_at = $2
         WHERE agent_id = $1",
        agent as AgentId,
        now
    )
    .execute(tx)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// One less; false where there is no such row.
pub(in crate::agents) async fn lower(tx: &mut PgConnection, agent: AgentId) -> DbResult<bool> {
    let changed = sqlx::query!(
        "UPDATE agent_load SET open_tickets = open_tickets - 1 WHERE agent_id = $1",
        agent as AgentId
    )
    .execute(tx)
    .await?;
    Ok(changed.rows_affected() == 1)
}
