//! Waiting tickets: who is next, and what goes back to the queue.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::category::Category;
use crate::ids::{AgentId, TicketId};

/// The waiting tickets but `except` that come first for an agent with these specialities, locked.
pub(in crate::tickets) async fn next_for(
    tx: &mut PgConnection,
    specialities: &[Category],
    except: Option<TicketId>,
    now: DateTime<Utc>,
    most: i64,
) -> DbResult<Vec<TicketId>> {
    let words: Vec<String> = specialities.iter().map(|word| word.as_str().to_owned()).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM tickets
           WHERE agent_id IS NULL AND status IN ('open', 'in_progress', 'reopened')
             AND deleted_at IS NULL AND merged_into_id IS NULL
             AND (snoozed_until IS NULL OR snoozed_until <= $2) AND category = ANY ($1)
             AND id <> $4
           ORDER BY queue_at, priority_rank DESC, id LIMIT $3 FOR UPDATE SKIP LOCKED"#,
        &words,
        now,
        most,
        except.map_or(0, |ticket| ticket.0)
    )
    .fetch_all(tx)
    .await?)
}

/// Whether any ticket waits for an agent.
pub(in crate::tickets) async fn is_any(connection: &mut PgConnection) -> DbResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM tickets
           WHERE agent_id IS NULL AND status IN ('open', 'in_progress', 'reopened')
             AND deleted_at IS NULL AND merged_into_id IS NULL) AS "any!""#
    )
    .fetch_one(connection)
    .await?)
}

/// Work of these agents that nobody has begun, or whose deadline comes before `at_risk`, locked; not what is out of
/// sight, and not what one of them was given after `given_before`.
pub(in crate::tickets) async fn left_behind(
    tx: &mut PgConnection,
    agents: &[AgentId],
    at_risk: DateTime<Utc>,
    given_before: DateTime<Utc>,
    now: DateTime<Utc>,
    most: i64,
) -> DbResult<Vec<TicketId>> {
    let agents: Vec<i64> = agents.iter().map(|agent| agent.0).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM tickets
           WHERE agent_id = ANY ($1) AND status <> 'closed'
             AND (status IN ('open', 'reopened') OR status = 'in_progress' AND sla_due_at <= $2)
             AND deleted_at IS NULL AND merged_into_id IS NULL
             AND (snoozed_until IS NULL OR snoozed_until <= $5)
             AND NOT EXISTS (SELECT FROM ticket_events
                 WHERE ticket_id = tickets.id AND occurred_at > $4
                   AND data -> 'after' ->> 'agentId' = tickets.agent_id::text)
           ORDER BY queue_at, id LIMIT $3 FOR UPDATE SKIP LOCKED"#,
        &agents,
        at_risk,
        most,
        given_before,
        now
    )
    .fetch_all(tx)
    .await?)
}

/// Tickets whose snooze is over, or whose deadline is as near as their snooze allows, locked. Snoozed tickets are few:
/// an index of their own has them.
pub(in crate::tickets) async fn snooze_over(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    most: i64,
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: TicketId" FROM tickets
           WHERE snoozed_until IS NOT NULL AND deleted_at IS NULL AND (snoozed_until <= $1
               OR sla_due_at <= $1 + snooze_slack_minutes * interval '1 minute')
           ORDER BY snoozed_until LIMIT $2 FOR UPDATE SKIP LOCKED"#,
        now,
        most
    )
    .fetch_all(tx)
    .await?)
}
