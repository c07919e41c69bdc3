//! The SQL of the agents slice.

pub(super) mod contacts;
pub(super) mod ledger;

use chrono::{DateTime, NaiveTime, Utc};
use kamhub_kernel::UserId;
use kamhub_postgres::{DbResult, PgConnection};

use super::model::{Agent, AgentStatus, Profile, WorkingHours, at_work};
use crate::category::Category;
use crate::ids::{AgentId, PlatformUserId};

/// Which agents a list shows; everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this team.
    pub team: Option<String>,
    /// With this status.
    pub status: Option<AgentStatus>,
    /// One of these.
    pub ids: Option<Vec<AgentId>>,
}

struct Row {
    id: AgentId,
    user_id: Option<PlatformUserId>,
    email: String,
    name: String,
    team: Option<String>,
    specialization: Vec<Category>,
    timezone: String,
    working_hours_start: Option<NaiveTime>,
    working_hours_end: Option<NaiveTime>,
    max_concurrent_tickets: i32,
    status: AgentStatus,
    status_changed_at: DateTime<Utc>,
    open_tickets: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn into_agent(self, now: DateTime<Utc>) -> Agent {
        let hours = WorkingHours::from_times(self.working_hours_start, self.working_hours_end);
        let available = self.status == AgentStatus::Online
            && self.open_tickets < self.max_concurrent_tickets
            && at_work(hours, &self.timezone, now);
        Agent {
            id: self.id,
            user_id: self.user_id,
            email: self.email,
            name: self.name,
            team: self.team,
            specialization: self.specialization,
            timezone: self.timezone,
            working_hours: hours,
            max_concurrent_tickets: self.max_concurrent_tickets,
            status: self.status,
            status_changed_at: self.status_changed_at,
            current_tickets: self.open_tickets,
            available,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

fn numbers(agents: &[AgentId]) -> Vec<i64> {
    agents.iter().map(|agent| agent.0).collect()
}

/// Live agents by id: at most `limit` of those above `after`, without the first `skip`.
pub(super) async fn agents(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    filter: &Filter,
    after: i64,
    skip: i64,
    limit: i64,
) -> DbResult<Vec<Agent>> {
    let ids = filter.ids.as_deref().map(numbers);
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.id AS "id: AgentId", a.user_id AS "user_id: PlatformUserId", a.email, a.name, a.team,
                  a.specialization AS "specialization: Vec<Category>", a.timezone,
                  a.working_hours_start, a.working_hours_end, a.max_concurrent_tickets,
                  a.status AS "status: AgentStatus", a.status_changed_at, l.open_tickets,
                  a.created_at, a.updated_at
           FROM support_agents a JOIN agent_load l ON l.agent_id = a.id
           WHERE a.deleted_at IS NULL AND ($1::text IS NULL OR a.team = $1)
             AND ($2::text IS NULL OR a.status = $2)
             AND ($3::bigint[] IS NULL OR a.id = ANY ($3)) AND a.id > $4
           ORDER BY a.id OFFSET $5 LIMIT $6"#,
        filter.team,
        filter.status.map(AgentStatus::as_str),
        ids.as_deref(),
        after,
        skip,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.into_agent(now)).collect())
}

/// How many live agents there are.
pub(super) async fn count(connection: &mut PgConnection, filter: &Filter) -> DbResult<i64> {
    let ids = filter.ids.as_deref().map(numbers);
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM support_agents
           WHERE deleted_at IS NULL AND ($1::text IS NULL OR team = $1)
             AND ($2::text IS NULL OR status = $2) AND ($3::bigint[] IS NULL OR id = ANY ($3))"#,
        filter.team,
        filter.status.map(AgentStatus::as_str),
        ids.as_deref()
    )
    .fetch_one(connection)
    .await?)
}

/// Whether another live agent has this address, and this number of the platform.
pub(super) async fn taken(
    connection: &mut PgConnection,
    profile: &Profile,
    except: Option<AgentId>,
) -> DbResult<(bool, bool)> {
    let row = sqlx::query!(
        r#"SELECT coalesce(bool_or(lower(email) = lower($1)), false) AS "email!",
                  coalesce(bool_or(user_id = $2), false) AS "user_id!"
           FROM support_agents
           WHERE deleted_at IS NULL AND id IS DISTINCT FROM $3
             AND (lower(email) = lower($1) OR user_id = $2)"#,
        profile.email,
        profile.user_id as Option<PlatformUserId>,
        except as Option<AgentId>
    )
    .fetch_one(connection)
    .await?;
    Ok((row.email, row.user_id))
}

/// Stores a new agent with an empty row in the ledger.
pub(super) async fn insert(
    tx: &mut PgConnection,
    profile: &Profile,
    account: Option<UserId>,
    status: AgentStatus,
    now: DateTime<Utc>,
) -> DbResult<AgentId> {
    let hours = profile.working_hours;
    Ok(sqlx::query_scalar!(
        r#"WITH agent AS (
               INSERT INTO support_agents (user_id, email, name, team, specialization, timezone,
                   working_hours_start, working_hours_end, max_concurrent_tickets, status,
                   status_changed_at, created_at, updated_at, account_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11, $12) RETURNING id)
           INSERT INTO agent_load (agent_id) SELECT id FROM agent
           RETURNING agent_id AS "agent_id: AgentId""#,
        profile.user_id as Option<PlatformUserId>,
        profile.email,
        profile.name,
        profile.team,
        &profile.specialization as &[Category],
        profile.timezone.0.name(),
        hours.map(|hours| hours.start.0),
        hours.map(|hours| hours.end.0),
        profile.max_concurrent_tickets,
        status as AgentStatus,
        now,
        account as Option<UserId>
    )
    .fetch_one(tx)
    .await?)
}

/// Changes what is known of an agent.
pub(super) async fn update(
    tx: &mut PgConnection,
    agent: AgentId,
    profile: &Profile,
    account: Option<UserId>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let hours = profile.working_hours;
    sqlx::query!(
        "UPDATE support_agents SET user_id = $2, email = $3, name = $4, team = $5,
             specialization = $6, timezone = $7, working_hours_start = $8, working_hours_end = $9,
             max_concurrent_tickets = $10, updated_at = $11, account_id = $12
         WHERE id = $1",
        agent as AgentId,
        profile.user_id as Option<PlatformUserId>,
        profile.email,
        profile.name,
        profile.team,
        &profile.specialization as &[Category],
        profile.timezone.0.name(),
        hours.map(|hours| hours.start.0),
        hours.map(|hours| hours.end.0),
        profile.max_concurrent_tickets,
        now,
        account as Option<UserId>
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes whether an agent takes tickets.
pub(super) async fn set_status(
    tx: &mut PgConnection,
    agent: AgentId,
    status: AgentStatus,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE support_agents SET status = $2, status_changed_at = $3, updated_at = $3
         WHERE id = $1",
        agent as AgentId,
        status as AgentStatus,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Live agents who went away or offline at `until` or before, and still are.
pub(super) async fn absent_since(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> DbResult<Vec<AgentId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: AgentId" FROM support_agents
           WHERE status IN ('away', 'offline') AND status_changed_at <= $1 AND deleted_at IS NULL
           ORDER BY id"#,
        until
    )
    .fetch_all(connection)
    .await?)
}

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
    let ids = numbers(agents);
    let rows = sqlx::query!(
        r#"SELECT id AS "id: AgentId", name FROM support_agents WHERE id = ANY($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
