//! The SQL of the calendars slice.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::types::Json;

use super::CalendarSpec;
use super::view::{CalendarVersionView, CalendarView};
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

/// Which calendars are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// This one, archived or not.
    One(CalendarId),
    /// Those in use above an id, without the first rows, at most so many.
    InUse { after: Option<i64>, skip: i64, limit: i64 },
}

/// Calendars with the hours that apply now, by id.
pub(super) async fn calendars(
    connection: &mut PgConnection,
    which: Which,
) -> DbResult<Vec<CalendarView>> {
    let (one, after, skip, limit) = match which {
        Which::One(id) => (Some(id), None, 0, 1),
        Which::InUse { after, skip, limit } => (None, after, skip, limit),
    };
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: CalendarId", c.name, c.version, c.archived_at, c.created_at, c.updated_at,
                  v.id AS "hours_version_id: CalendarVersionId", v.number,
                  v.spec AS "spec: Json<CalendarSpec>"
           FROM calendars c
           CROSS JOIN LATERAL (SELECT id, number, spec FROM calendar_versions
               WHERE calendar_id = c.id ORDER BY number DESC LIMIT 1) v
           WHERE ($1::bigint IS NULL AND c.archived_at IS NULL OR c.id = $1)
             AND ($2::bigint IS NULL OR c.id > $2)
           ORDER BY c.id OFFSET $3 LIMIT $4"#,
        one as Option<CalendarId>,
        after,
        skip,
        limit
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| {
        let CalendarSpec { zone, weekly, holidays, overrides } = row.spec.0;
        CalendarView {
            id: row.id,
            name: row.name,
            zone,
            weekly,
            holidays,
            overrides,
            hours_version_id: row.hours_version_id,
            hours_version: row.number,
            archived_at: row.archived_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    });
    Ok(views.collect())
}

/// How many calendars are in use.
pub(super) async fn count(connection: &mut PgConnection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM calendars WHERE archived_at IS NULL"#
    )
    .fetch_one(connection)
    .await?)
}

/// Stores a calendar, without hours yet.
pub(super) async fn insert(
    tx: &mut PgConnection,
    name: &str,
    now: DateTime<Utc>,
) -> DbResult<CalendarId> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO calendars (name, created_at, updated_at) VALUES ($1, $2, $2)
           RETURNING id AS "id: CalendarId""#,
        name,
        now
    )
    .fetch_one(tx)
    .await?)
}

/// Stores the next version of a calendar's hours; the calendar is locked.
pub(super) async fn insert_version(
    tx: &mut PgConnection,
    calendar: CalendarId,
    spec: &CalendarSpec,
    now: DateTime<Utc>,
    by: &str,
) -> DbResult<CalendarVersionId> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO calendar_versions (calendar_id, number, spec, created_at, created_by)
           SELECT $1, 1 + coalesce(max(number), 0), $2, $3, $4
           FROM calendar_versions WHERE calendar_id = $1
           RETURNING id AS "id: CalendarVersionId""#,
        calendar as CalendarId,
        Json(spec) as _,
        now,
        by
    )
    .fetch_one(tx)
    .await?)
}

/// Locks a calendar against every other change of it.
pub(super) async fn lock(tx: &mut PgConnection, calendar: CalendarId) -> DbResult<()> {
    sqlx::query!(
        "SELECT id FROM calendars WHERE id = $1 FOR NO KEY UPDATE",
        calendar as CalendarId
    )
    .fetch_optional(tx)
    .await?;
    Ok(())
}

/// Whether a calendar is in use; it stays so until the transaction ends.
pub(super) async fn hold(tx: &mut PgConnection, calendar: CalendarId) -> DbResult<Option<bool>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT archived_at IS NULL AS "in_use!" FROM calendars WHERE id = $1 FOR SHARE"#,
        calendar as CalendarId
    )
    .fetch_optional(tx)
    .await?)
}

/// Changes a calendar's name and whether it is in use.
pub(super) async fn update(
    tx: &mut PgConnection,
    calendar: CalendarId,
    name: &str,
    archived_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE calendars SET name = $2, archived_at = $3, updated_at = $4, version = version + 1
         WHERE id = $1",
        calendar as CalendarId,
        name,
        archived_at,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Versions of a calendar's hours, newest first: those below a number, without the first rows.
pub(super) async fn versions(
    connection: &mut PgConnection,
    calendar: CalendarId,
    below: Option<i64>,
    skip: i64,
    limit: i64,
) -> DbResult<Vec<CalendarVersionView>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: CalendarVersionId", number, spec AS "spec: Json<CalendarSpec>",
                  created_at, created_by
           FROM calendar_versions
           WHERE calendar_id = $1 AND ($2::bigint IS NULL OR number < $2)
           ORDER BY number DESC OFFSET $3 LIMIT $4"#,
        calendar as CalendarId,
        below,
        skip,
        limit
    )
    .fetch_all(connection)
    .await?;
    let views = rows.into_iter().map(|row| CalendarVersionView {
        id: row.id,
        number: row.number,
        spec: row.spec.0,
        created_at: row.created_at,
        created_by: row.created_by,
    });
    Ok(views.collect())
}
