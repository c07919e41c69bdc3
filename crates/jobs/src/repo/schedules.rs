//! When each periodic job runs next.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

/// Stores a schedule that is new, and the period of one whose period has changed.
pub(crate) async fn upsert_schedule(
    conn: &mut PgConnection,
    name: &str,
    every_seconds: i64,
    now: DateTime<Utc>,
    next_run_at: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO job_schedules (name, every_seconds, next_run_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE
         SET every_seconds = excluded.every_seconds, next_run_at = LEAST(job_schedules.next_run_at, $4)
         WHERE job_schedules.every_seconds <> excluded.every_seconds",
        name,
        every_seconds,
        now,
        next_run_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The due schedules among `names` that nobody else is firing, locked: name, period in seconds, due time.
pub(crate) async fn lock_due_schedules(
    conn: &mut PgConnection,
    names: &[String],
    now: DateTime<Utc>,
) -> DbResult<Vec<(String, i64, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        "SELECT name, every_seconds, next_run_at FROM job_schedules
         WHERE name = ANY ($1) AND next_run_at <= $2 ORDER BY name FOR UPDATE SKIP LOCKED",
        names,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.every_seconds, row.next_run_at)).collect())
}

/// Notes that a schedule has fired.
pub(crate) async fn advance_schedule(
    conn: &mut PgConnection,
    name: &str,
    last_run_at: DateTime<Utc>,
    next_run_at: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE job_schedules SET last_run_at = $2, next_run_at = $3 WHERE name = $1",
        name,
        last_run_at,
        next_run_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}
