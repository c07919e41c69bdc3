//! The SQL of the agents slice.

pub(super) mod ledger;

use kamhub_kernel::UserId;
use kamhub_postgres::{DbResult, PgConnection};

use crate::category::Category;
use crate::ids::AgentId;

/// What a live agent is specialised in.
pub(super) async fn specialities(
    connection: &mut PgConnection,
    agent: AgentId,
) -> DbResult<Vec<Category>> {
    let found = sqlx::query_scalar!(
        r#"SELECT specialization AS "specialization: Vec<Category>" FROM support_agents
           WHERE id = $1 AND deleted_at IS NULL"#,
        agent as AgentId
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.unwrap_or_default())
}

/// The live agent of an account; with an address, also one who has no account yet.
pub(super) async fn by_account(
    connection: &mut PgConnection,
    account: UserId,
    email: Option<&str>,
) -> DbResult<Option<AgentId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: AgentId" FROM support_agents
           WHERE deleted_at IS NULL
             AND (account_id = $1 OR (account_id IS NULL AND lower(email) = lower($2)))
           ORDER BY account_id NULLS LAST LIMIT 1"#,
        account as UserId,
        email
    )
    .fetch_optional(connection)
    .await?)
}

/// Whether a live agent has this id.
pub(super) async fn exists(connection: &mut PgConnection, agent: AgentId) -> DbResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM support_agents WHERE id = $1 AND deleted_at IS NULL) AS "exists!""#,
        agent as AgentId
    )
    .fetch_one(connection)
    .await?)
}

/// Ids with names, deleted agents included: what they did stays theirs.
pub(super) async fn names(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> DbResult<Vec<(AgentId, String)>> {
    let ids: Vec<i64> = agents.iter().map(|agent| agent.0).collect();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: AgentId", name FROM support_agents WHERE id = ANY($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
