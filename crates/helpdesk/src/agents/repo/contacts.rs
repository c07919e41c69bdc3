//! How agents are reached.

use kamhub_kernel::UserId;
use kamhub_postgres::{DbResult, PgConnection};

use crate::agents::model::Contact;
use crate::ids::AgentId;

/// Live agents among these.
pub(in crate::agents) async fn contacts(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> DbResult<Vec<Contact>> {
    let agents: Vec<i64> = agents.iter().map(|agent| agent.0).collect();
    Ok(sqlx::query_as!(
        Contact,
        r#"SELECT id AS "id: AgentId", name, email, account_id AS "account: UserId", team
           FROM support_agents WHERE id = ANY ($1) AND deleted_at IS NULL ORDER BY id"#,
        &agents,
    )
    .fetch_all(connection)
    .await?)
}

/// Live agents of these teams; at most a thousand.
pub(in crate::agents) async fn contacts_of_teams(
    connection: &mut PgConnection,
    teams: &[String],
) -> DbResult<Vec<Contact>> {
    Ok(sqlx::query_as!(
        Contact,
        r#"SELECT id AS "id: AgentId", name, email, account_id AS "account: UserId", team
           FROM support_agents WHERE team = ANY ($1) AND deleted_at IS NULL ORDER BY id LIMIT 1000"#,
        teams,
    )
    .fetch_all(connection)
    .await?)
}
