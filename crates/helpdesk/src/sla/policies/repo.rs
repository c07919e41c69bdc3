//! The SQL of the policies.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::types::Json;

use super::model::{EscalationStep, PolicyDraft, PolicyVersion, WarningStep};
use super::view::{Facts, Policy};
use crate::calendars::Seconds;
use crate::category::Category;
use crate::ids::{CalendarId, CalendarVersionId, PolicyId, PolicyVersionId};
use crate::tickets::model::Priority;

/// The version that applies to such tickets, and the version of its calendar: the exact pair before
/// the category, that before the priority, that before a policy for all, that before the default.
pub(super) async fn matching(
    connection: &mut PgConnection,
    category: Category,
    priority: Priority,
) -> DbResult<Option<(PolicyVersionId, CalendarVersionId)>> {
    let found = sqlx::query!(
        r#"SELECT v.id AS "policy: PolicyVersionId", c.id AS "calendar: CalendarVersionId"
           FROM sla_policies p
           JOIN sla_policy_versions v ON v.policy_id = p.id AND v.number = p.version
           CROSS JOIN LATERAL (SELECT id FROM calendar_versions
               WHERE calendar_id = v.calendar_id ORDER BY number DESC LIMIT 1) c
           WHERE p.active AND (p.category = $1 OR p.category IS NULL)
             AND (p.priority = $2 OR p.priority IS NULL)
           ORDER BY p.is_default, p.category IS NULL, p.priority IS NULL
           LIMIT 1"#,
        category as Category,
        priority as Priority
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|found| (found.policy, found.calendar)))
}

/// One version.
pub(super) async fn version(
    connection: &mut PgConnection,
    id: PolicyVersionId,
) -> DbResult<Option<PolicyVersion>> {
    let row = sqlx::query!(
        r#"SELECT policy_id AS "policy_id: PolicyId", number, first_response_minutes,
                  next_response_minutes, resolution_minutes, calendar_id AS "calendar_id: CalendarId",
                  pauses_waiting_customer, pauses_on_hold,
                  warnings AS "warnings: Json<Vec<WarningStep>>",
                  escalations AS "escalations: Json<Vec<EscalationStep>>"
           FROM sla_policy_versions WHERE id = $1"#,
        id as PolicyVersionId
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| PolicyVersion {
        id,
        policy_id: row.policy_id,
        number: row.number.unsigned_abs(),
        first_response: minutes(row.first_response_minutes),
        next_response: row.next_response_minutes.map(minutes),
        resolution: minutes(row.resolution_minutes),
        calendar_id: row.calendar_id,
        pauses_waiting_customer: row.pauses_waiting_customer,
        pauses_on_hold: row.pauses_on_hold,
        warnings: row.warnings.0,
        escalations: row.escalations.0,
    }))
}

/// Stored minutes, which are never negative.
fn minutes(minutes: i32) -> Seconds {
    Seconds::minutes(minutes.unsigned_abs())
}

/// Which policies are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// This one, if it is not deleted.
    One(PolicyId),
    /// The active one of the company's own for exactly this pair.
    Of(Option<Category>, Option<Priority>),
    /// All that apply.
    Active,
    /// All above an id, without the first rows, at most so many.
    All { after: Option<i64>, skip: i64, limit: i64 },
}

/// A row of `sla_policies` with the version that applies, or one of `sla_policy_versions`.
struct Row {
    id: PolicyId,
    version_id: PolicyVersionId,
    version: i32,
    is_default: bool,
    name: String,
    category: Option<Category>,
    priority: Option<Priority>,
    first_response_minutes: i32,
    next_response_minutes: Option<i32>,
    resolution_minutes: i32,
    active: bool,
    calendar_id: CalendarId,
    pauses_waiting_customer: bool,
    pauses_on_hold: bool,
    warnings: Json<Vec<WarningStep>>,
    escalations: Json<Vec<EscalationStep>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    created_by: String,
}

impl Row {
    fn into_policy(self) -> Policy {
        Policy {
            facts: Facts {
                id: self.id,
                version_id: self.version_id,
                version: self.version,
                is_default: self.is_default,
                created_at: self.created_at,
                updated_at: self.updated_at,
            },
            draft: PolicyDraft {
                name: self.name,
                category: self.category,
                priority: self.priority,
                first_response_minutes: self.first_response_minutes,
                next_response_minutes: self.next_response_minutes,
                resolution_minutes: self.resolution_minutes,
                active: self.active,
                calendar_id: self.calendar_id,
                pauses_waiting_customer: self.pauses_waiting_customer,
                pauses_on_hold: self.pauses_on_hold,
                warnings: self.warnings.0,
                escalations: self.escalations.0,
            },
        }
    }
}

/// Policies that are not deleted, by id, as they are now.
pub(super) async fn policies(connection: &mut PgConnection, which: Which) -> DbResult<Vec<Policy>> {
    let (one, pair, after, skip, limit) = match which {
        Which::One(id) => (Some(id), None, None, 0, 1),
        Which::Of(category, priority) => (None, Some((category, priority)), None, 0, 1),
        Which::Active => (None, None, None, 0, i64::MAX),
        Which::All { after, skip, limit } => (None, None, after, skip, limit),
    };
    let (category, priority) = pair.unwrap_or_default();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.id AS "id: PolicyId", v.id AS "version_id: PolicyVersionId", p.version,
                  p.is_default, v.name, v.category AS "category: Category",
                  v.priority AS "priority: Priority", v.first_response_minutes,
                  v.next_response_minutes, v.resolution_minutes, v.active,
                  v.calendar_id AS "calendar_id: CalendarId", v.pauses_waiting_customer,
                  v.pauses_on_hold, v.warnings AS "warnings: Json<Vec<WarningStep>>",
                  v.escalations AS "escalations: Json<Vec<EscalationStep>>",
                  p.created_at, p.updated_at, v.created_by
           FROM sla_policies p
           JOIN sla_policy_versions v ON v.policy_id = p.id AND v.number = p.version
           WHERE p.deleted_at IS NULL AND ($1::bigint IS NULL OR p.id = $1)
             AND (NOT $2 OR (p.active AND NOT p.is_default AND p.category IS NOT DISTINCT FROM $3
                 AND p.priority IS NOT DISTINCT FROM $4))
             AND ($5::bigint IS NULL OR p.id > $5) AND (NOT $8 OR p.active)
           ORDER BY p.id OFFSET $6 LIMIT $7"#,
        one as Option<PolicyId>,
        pair.is_some(),
        category as Option<Category>,
        priority as Option<Priority>,
        after,
        skip,
        limit,
        matches!(which, Which::Active)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::into_policy).collect())
}

/// How many policies are not deleted.
pub(super) async fn count(connection: &mut PgConnection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM sla_policies WHERE deleted_at IS NULL"#
    )
    .fetch_one(connection)
    .await?)
}

/// How many versions a policy has, deleted or not; none where there was never such a policy.
pub(super) async fn version_count(
    connection: &mut PgConnection,
    policy: PolicyId,
) -> DbResult<Option<i32>> {
    Ok(sqlx::query_scalar!("SELECT version FROM sla_policies WHERE id = $1", policy as PolicyId)
        .fetch_optional(connection)
        .await?)
}

/// Versions of a policy, deleted or not, newest first, each with who wrote it: those below a number,
/// without the first rows.
pub(super) async fn versions(
    connection: &mut PgConnection,
    policy: PolicyId,
    below: Option<i64>,
    skip: i64,
    limit: i64,
) -> DbResult<Vec<(Policy, String)>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.id AS "id: PolicyId", v.id AS "version_id: PolicyVersionId",
                  v.number AS version, p.is_default, v.name, v.category AS "category: Category",
                  v.priority AS "priority: Priority", v.first_response_minutes,
                  v.next_response_minutes, v.resolution_minutes, v.active,
                  v.calendar_id AS "calendar_id: CalendarId", v.pauses_waiting_customer,
                  v.pauses_on_hold, v.warnings AS "warnings: Json<Vec<WarningStep>>",
                  v.escalations AS "escalations: Json<Vec<EscalationStep>>",
                  p.created_at, v.created_at AS updated_at, v.created_by
           FROM sla_policies p JOIN sla_policy_versions v ON v.policy_id = p.id
           WHERE p.id = $1 AND ($2::bigint IS NULL OR v.number < $2)
           ORDER BY v.number DESC OFFSET $3 LIMIT $4"#,
        policy as PolicyId,
        below,
        skip,
        limit
    )
    .fetch_all(connection)
    .await?;
    let pair = |row: Row| {
        let by = row.created_by.clone();
        (row.into_policy(), by)
    };
    Ok(rows.into_iter().map(pair).collect())
}

/// Lets one change of policies go on at a time, so that each sees which pairs are taken. Tickets that look
/// for their policy do not wait.
pub(super) async fn lock(tx: &mut PgConnection) -> DbResult<()> {
    sqlx::query!("LOCK TABLE sla_policies IN SHARE ROW EXCLUSIVE MODE").execute(tx).await?;
    Ok(())
}

/// Stores a new policy with its first version.
pub(super) async fn insert(
    tx: &mut PgConnection,
    draft: &PolicyDraft,
    now: DateTime<Utc>,
    by: &str,
) -> DbResult<PolicyId> {
    let id = sqlx::query_scalar!(
        r#"INSERT INTO sla_policies (name, category, priority, first_response_minutes,
               next_response_minutes, resolution_minutes, active, calendar_id,
               pauses_waiting_customer, pauses_on_hold, warnings, escalations, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
           RETURNING id AS "id: PolicyId""#,
        draft.name,
        draft.category as Option<Category>,
        draft.priority as Option<Priority>,
        draft.first_response_minutes,
        draft.next_response_minutes,
        draft.resolution_minutes,
        draft.active,
        draft.calendar_id as CalendarId,
        draft.pauses_waiting_customer,
        draft.pauses_on_hold,
        Json(&draft.warnings) as _,
        Json(&draft.escalations) as _,
        now
    )
    .fetch_one(&mut *tx)
    .await?;
    insert_version(tx, id, now, by).await?;
    Ok(id)
}

/// Changes a locked policy, and keeps what it says now as its next version.
pub(super) async fn update(
    tx: &mut PgConnection,
    policy: PolicyId,
    draft: &PolicyDraft,
    now: DateTime<Utc>,
    by: &str,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE sla_policies SET name = $2, category = $3, priority = $4, first_response_minutes = $5,
             next_response_minutes = $6, resolution_minutes = $7, active = $8, calendar_id = $9,
             pauses_waiting_customer = $10, pauses_on_hold = $11, warnings = $12, escalations = $13,
             updated_at = $14, version = version + 1
         WHERE id = $1",
        policy as PolicyId,
        draft.name,
        draft.category as Option<Category>,
        draft.priority as Option<Priority>,
        draft.first_response_minutes,
        draft.next_response_minutes,
        draft.resolution_minutes,
        draft.active,
        draft.calendar_id as CalendarId,
        draft.pauses_waiting_customer,
        draft.pauses_on_hold,
        Json(&draft.warnings) as _,
        Json(&draft.escalations) as _,
        now
    )
    .execute(&mut *tx)
    .await?;
    insert_version(tx, policy, now, by).await
}

/// Keeps what a policy says now.
async fn insert_version(
    tx: &mut PgConnection,
    policy: PolicyId,
    now: DateTime<Utc>,
    by: &str,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO sla_policy_versions (policy_id, number, name, category, priority,
             first_response_minutes, next_response_minutes, resolution_minutes, active, calendar_id,
             pauses_waiting_customer, pauses_on_hold, warnings, escalations, created_at, created_by)
         SELECT id, version, name, category, priority, first_response_minutes,
             next_response_minutes, resolution_minutes, active, calendar_id,
             pauses_waiting_customer, pauses_on_hold, warnings, escalations, $2, $3
         FROM sla_policies WHERE id = $1",
        policy as PolicyId,
        now,
        by
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Hides a policy that is not active.
pub(super) async fn hide(
    tx: &mut PgConnection,
    policy: PolicyId,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE sla_policies SET deleted_at = $2, updated_at = $2 WHERE id = $1",
        policy as PolicyId,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The names of active policies that count by a calendar, at most so many.
pub(super) async fn active_with_calendar(
    connection: &mut PgConnection,
    calendar: CalendarId,
    limit: i64,
) -> DbResult<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT name FROM sla_policies WHERE calendar_id = $1 AND active ORDER BY id LIMIT $2",
        calendar as CalendarId,
        limit
    )
    .fetch_all(connection)
    .await?)
}
