//! The SQL of the runs.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use serde_json::Value;

use super::model::{Run, RunKind, RunState};
use crate::category::Category;
use crate::ids::{PolicyId, PolicyVersionId, RunId, TicketId};
use crate::sla::model::ViolationType;
use crate::tickets::model::{Entry, Priority};

/// Stores a run.
pub(super) async fn insert(
    tx: &mut PgConnection,
    kind: RunKind,
    request: &Value,
    (position, total): (TicketId, i64),
    by: &str,
    now: DateTime<Utc>,
) -> DbResult<RunId> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO sla_runs (kind, request, position, total, created_by, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id AS "id: RunId""#,
        kind as RunKind,
        request,
        position as TicketId,
        total,
        by,
        now
    )
    .fetch_one(tx)
    .await?)
}

/// A run; with `lock` nobody else works on it until the transaction ends.
pub(super) async fn run(
    connection: &mut PgConnection,
    id: RunId,
    lock: bool,
) -> DbResult<Option<Run>> {
    if lock {
        sqlx::query!("SELECT id FROM sla_runs WHERE id = $1 FOR UPDATE", id as RunId)
            .fetch_optional(&mut *connection)
            .await?;
    }
    Ok(sqlx::query_as!(
        Run,
        r#"SELECT id AS "id: RunId", kind AS "kind: RunKind", state AS "state: RunState", request, result,
                  position AS "position: TicketId", total, done, failure, created_by, finished_at,
                  created_at, updated_at
           FROM sla_runs WHERE id = $1"#,
        id as RunId
    )
    .fetch_optional(connection)
    .await?)
}

/// The re-evaluation that is under way.
pub(super) async fn under_way(connection: &mut PgConnection) -> DbResult<Option<RunId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: RunId" FROM sla_runs
           WHERE kind = 're_evaluation' AND state IN ('waiting', 'running')"#
    )
    .fetch_optional(connection)
    .await?)
}

/// Keeps how far a run has come.
pub(super) async fn update(tx: &mut PgConnection, run: &Run, now: DateTime<Utc>) -> DbResult<()> {
    sqlx::query!(
        "UPDATE sla_runs SET state = $2, result = $3, position = $4, done = $5, failure = $6,
             updated_at = $7, finished_at = $8
         WHERE id = $1",
        run.id as RunId,
        run.state as RunState,
        run.result,
        run.position as TicketId,
        run.done,
        run.failure,
        now,
        run.finished_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets runs from before `until`; answers how many.
pub(super) async fn forget_before(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> DbResult<u64> {
    let gone = sqlx::query!("DELETE FROM sla_runs WHERE created_at < $1", until)
        .execute(connection)
        .await?;
    Ok(gone.rows_affected())
}

/// Which versions apply to tickets of which category and priority, as columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Fits {
    pub categories: Vec<Category>,
    pub priorities: Vec<Priority>,
    pub policy_versions: Vec<i64>,
    pub calendar_versions: Vec<i64>,
}

/// A ticket that counts by other versions than those that apply.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub ticket_id: TicketId,
    pub ticket_number: String,
    pub policy_id: PolicyId,
    pub policy_version_id: PolicyVersionId,
    pub category: Category,
    pub priority: Priority,
}

/// How many open tickets have clocks, and how many of them count by other versions than those that apply.
pub(super) async fn count_candidates(
    connection: &mut PgConnection,
    fits: &Fits,
) -> DbResult<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "tickets!", count(*) FILTER (WHERE s.policy_version_id <> f.policy_version
                      OR s.calendar_version_id <> f.calendar_version) AS "changing!"
           FROM sla_tickets s JOIN tickets t ON t.id = s.ticket_id
           JOIN unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
               AS f (category, priority, policy_version, calendar_version)
               ON f.category = t.category AND f.priority = t.priority
           WHERE (s.open_clocks > 0 OR s.ended = 'policy_deactivated')
             AND (s.open_clocks > 0 OR s.phase <> 'done') AND s.policy_version_id IS NOT NULL"#,
        &fits.categories as &[Category],
        &fits.priorities as &[Priority],
        &fits.policy_versions,
        &fits.calendar_versions
    )
    .fetch_one(connection)
    .await?;
    Ok((row.tickets, row.changing))
}

/// Such tickets above `after`, by id.
pub(super) async fn candidates(
    connection: &mut PgConnection,
    fits: &Fits,
    after: TicketId,
    limit: i64,
) -> DbResult<Vec<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"SELECT s.ticket_id AS "ticket_id: TicketId", t.ticket_number,
                  s.policy_id AS "policy_id!: PolicyId",
                  s.policy_version_id AS "policy_version_id!: PolicyVersionId",
                  t.category AS "category: Category", t.priority AS "priority: Priority"
           FROM sla_tickets s JOIN tickets t ON t.id = s.ticket_id
           JOIN unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
               AS f (category, priority, policy_version, calendar_version)
               ON f.category = t.category AND f.priority = t.priority
           WHERE (s.open_clocks > 0 OR s.ended = 'policy_deactivated')
             AND (s.open_clocks > 0 OR s.phase <> 'done') AND s.policy_version_id IS NOT NULL
             AND (s.policy_version_id <> f.policy_version
                 OR s.calendar_version_id <> f.calendar_version)
             AND s.ticket_id > $5
           ORDER BY s.ticket_id LIMIT $6"#,
        &fits.categories as &[Category],
        &fits.priorities as &[Priority],
        &fits.policy_versions,
        &fits.calendar_versions,
        after as TicketId,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// The tickets created in a period: how many, the first and the last by id.
pub(super) async fn extent(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> DbResult<(i64, TicketId, TicketId)> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "total!", coalesce(min(id), 1) AS "first!", coalesce(max(id), 0) AS "last!"
           FROM tickets
           WHERE created_at BETWEEN $1 AND $2 AND deleted_at IS NULL AND merged_into_id IS NULL"#,
        from,
        to
    )
    .fetch_one(connection)
    .await?;
    Ok((row.total, TicketId(row.first), TicketId(row.last)))
}

/// A ticket of the past, and what was found about it then.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub id: TicketId,
    pub ticket_number: String,
    pub category: Category,
    pub priority: Priority,
    pub measured: bool,
    pub violations: Vec<ViolationType>,
}

/// Tickets created in a period, above `after` and up to `last`, by id.
pub(super) async fn past(
    connection: &mut PgConnection,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    (after, last): (TicketId, TicketId),
    limit: i64,
) -> DbResult<Vec<Past>> {
    Ok(sqlx::query_as!(
        Past,
        r#"SELECT t.id AS "id: TicketId", t.ticket_number, t.category AS "category: Category",
                  t.priority AS "priority: Priority",
                  EXISTS (SELECT FROM sla_tickets s WHERE s.ticket_id = t.id) AS "measured!",
                  ARRAY (SELECT v.violation_type FROM sla_violations v
                      WHERE v.ticket_id = t.id AND v.withdrawn_at IS NULL)
                      AS "violations!: Vec<ViolationType>"
           FROM tickets t
           WHERE t.id > $3 AND t.id <= $4 AND t.created_at BETWEEN $1 AND $2
             AND t.deleted_at IS NULL AND t.merged_into_id IS NULL
           ORDER BY t.id LIMIT $5"#,
        from,
        to,
        after as TicketId,
        last as TicketId,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// The timelines of some tickets, each oldest first.
pub(super) async fn timelines(
    connection: &mut PgConnection,
    tickets: &[i64],
) -> DbResult<Vec<(TicketId, Entry)>> {
    let rows = sqlx::query!(
        r#"SELECT ticket_id AS "ticket_id: TicketId", type AS kind, occurred_at, data
           FROM ticket_events WHERE ticket_id = ANY ($1) ORDER BY ticket_id, id"#,
        tickets
    )
    .fetch_all(connection)
    .await?;
    let entries = rows.into_iter().map(|row| {
        let entry = Entry { kind: row.kind, occurred_at: row.occurred_at, data: row.data };
        (row.ticket_id, entry)
    });
    Ok(entries.collect())
}
