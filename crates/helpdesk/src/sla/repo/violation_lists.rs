//! Lists of violations, and their acknowledgement.

use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use kamhub_kernel::page::{PageRequest, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use crate::ids::ViolationId;
use crate::sla::model::{Violation, ViolationFilter, ViolationKey};

const COLUMNS: &str = "id, ticket_id, policy_id, violation_type, instance, message, cause, \
    agent_id, team, breached_at, detected_at, acknowledged_at, acknowledged_by, \
    acknowledged_by_name, acknowledgement_note";

/// The rows of a page and, where there may be more, one beyond it.
pub(in crate::sla) async fn page(
    connection: &mut PgConnection,
    filter: &ViolationFilter,
    page: &PageRequest<ViolationKey>,
) -> DbResult<Vec<Violation>> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM sla_violations"));
    conditions(&mut query, filter);
    let skip = match &page.start {
        Start::Offset(rows) => *rows,
        Start::After(key) => {
            query.push(" AND (breached_at, id) < (").push_bind(key.breached_at);
            query.push(", ").push_bind(key.violation).push(")");
            0
        }
    };
    query.push(" ORDER BY breached_at DESC, id DESC LIMIT ").push_bind(page.limit + 1);
    query.push(" OFFSET ").push_bind(skip);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// How many there are, counted up to `cap`.
pub(in crate::sla) async fn count(
    connection: &mut PgConnection,
    filter: &ViolationFilter,
    cap: i64,
) -> DbResult<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM sla_violations");
    conditions(&mut query, filter);
    query.push(" LIMIT ").push_bind(cap).push(") AS counted");
    Ok(query.build_query_scalar().persistent(false).fetch_one(connection).await?)
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &ViolationFilter) {
    query.push(" WHERE withdrawn_at IS NULL");
    if let Some(kind) = filter.kind {
        query.push(" AND violation_type = ").push_bind(kind);
    }
    match filter.acknowledged {
        None => {}
        Some(true) => {
            query.push(" AND acknowledged_at IS NOT NULL");
        }
        Some(false) => {
            query.push(" AND acknowledged_at IS NULL");
        }
    }
    if let Some(agent) = filter.agent {
        query.push(" AND agent_id = ").push_bind(agent);
    }
    if let Some(from) = filter.from {
        query.push(" AND breached_at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" AND breached_at <= ").push_bind(until);
    }
}

/// The violation with this id, unless it is withdrawn.
pub(in crate::sla) async fn find(
    connection: &mut PgConnection,
    id: ViolationId,
) -> DbResult<Option<Violation>> {
    let sql =
        format!("SELECT {COLUMNS} FROM sla_violations WHERE id = $1 AND withdrawn_at IS NULL");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(connection).await?)
}

/// Notes who has seen a violation; false where somebody had before.
pub(in crate::sla) async fn acknowledge(
    tx: &mut PgConnection,
    id: ViolationId,
    actor: &Actor,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    let done = sqlx::query!(
        "UPDATE sla_violations SET acknowledged_at = $2, acknowledged_by = $3,
             acknowledged_by_name = $4, acknowledgement_note = $5, updated_at = $2
         WHERE id = $1 AND acknowledged_at IS NULL AND withdrawn_at IS NULL",
        id.0,
        now,
        actor.id(),
        actor.name(),
        note
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() > 0)
}
