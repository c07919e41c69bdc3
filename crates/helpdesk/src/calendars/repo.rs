//! The SQL of the calendars slice.

use kamhub_postgres::{DbResult, PgConnection};
use sqlx::types::Json;

use super::CalendarSpec;
use crate::ids::{CalendarId, CalendarVersionId};

/// The version of a calendar that applies now.
pub(super) async fn current_version(
    connection: &mut PgConnection,
    calendar: CalendarId,
) -> DbResult<Option<CalendarVersionId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: CalendarVersionId" FROM calendar_versions
           WHERE calendar_id = $1 ORDER BY number DESC LIMIT 1"#,
        calendar as CalendarId
    )
    .fetch_optional(connection)
    .await?)
}

/// What a version says.
pub(super) async fn spec(
    connection: &mut PgConnection,
    version: CalendarVersionId,
) -> DbResult<Option<CalendarSpec>> {
    let spec = sqlx::query_scalar!(
        r#"SELECT spec AS "spec: Json<CalendarSpec>" FROM calendar_versions WHERE id = $1"#,
        version as CalendarVersionId
    )
    .fetch_optional(connection)
    .await?;
    Ok(spec.map(|spec| spec.0))
}
