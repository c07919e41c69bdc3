//! The SQL of the policies.

use kamhub_postgres::{DbResult, PgConnection};
use sqlx::types::Json;

use super::model::{EscalationStep, PolicyVersion, WarningStep};
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
