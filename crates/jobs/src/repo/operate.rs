//! What an operator sees and does: unfinished jobs, dead letters, the sample behind the metrics.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::model::{Backlog, DeadFilter, JobRecord, JobState};

/// The sample stops counting here, so that a huge backlog costs no more than a large one.
const COUNT_AT_MOST: i64 = 100_000;

/// The jobs that are due, running or dead, oldest first.
pub(crate) async fn unfinished(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> DbResult<Vec<JobRecord>> {
    Ok(sqlx::query_as!(
        JobRecord,
        r#"SELECT id, kind, payload, state AS "state: JobState", attempt, max_attempts, run_at, last_error,
                  created_at, dead_at
           FROM jobs WHERE state <> 'waiting' OR run_at <= $1 ORDER BY id LIMIT $2"#,
        now,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Dead letters, newest first, below `before_id` where it is given.
pub(crate) async fn dead(
    conn: &mut PgConnection,
    filter: &DeadFilter,
    before_id: Option<i64>,
    limit: i64,
) -> DbResult<Vec<JobRecord>> {
    Ok(sqlx::query_as!(
        JobRecord,
        r#"SELECT id, kind, payload, state AS "state: JobState", attempt, max_attempts, run_at, last_error,
                  created_at, dead_at
           FROM jobs
           WHERE state = 'dead' AND ($1::text IS NULL OR kind = $1)
                 AND ($2::timestamptz IS NULL OR dead_at >= $2) AND ($3::timestamptz IS NULL OR dead_at < $3)
                 AND ($4::bigint IS NULL OR id < $4)
           ORDER BY id DESC LIMIT $5"#,
        filter.kind,
        filter.from,
        filter.to,
        before_id,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Lets one dead letter wait again with a fresh set of attempts. Its key is dropped: an operator's command is
/// carried out, whatever else waits.
pub(crate) async fn replay(conn: &mut PgConnection, id: i64, now: DateTime<Utc>) -> DbResult<bool> {
    let done = sqlx::query!(
        "UPDATE jobs SET state = 'waiting', dead_at = NULL, run_at = $2, attempts_forgiven = attempt,
                         dedupe_key = NULL
         WHERE id = $1 AND state = 'dead'",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// [`replay`] for every dead letter that the filter names.
pub(crate) async fn replay_range(
    conn: &mut PgConnection,
    filter: &DeadFilter,
    now: DateTime<Utc>,
) -> DbResult<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "UPDATE jobs SET state = 'waiting', dead_at = NULL, run_at = $4, attempts_forgiven = attempt,
                         dedupe_key = NULL
         WHERE state = 'dead' AND ($1::text IS NULL OR kind = $1)
               AND ($2::timestamptz IS NULL OR dead_at >= $2) AND ($3::timestamptz IS NULL OR dead_at < $3)
         RETURNING id",
        filter.kind,
        filter.from,
        filter.to,
        now,
    )
    .fetch_all(conn)
    .await?)
}

/// Deletes a dead letter for good.
pub(crate) async fn discard(conn: &mut PgConnection, id: i64) -> DbResult<bool> {
    let done =
        sqlx::query!("DELETE FROM jobs WHERE id = $1 AND state = 'dead'", id).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Counts the jobs by state, and finds the one that has been due longest.
pub(crate) async fn sample(conn: &mut PgConnection, now: DateTime<Utc>) -> DbResult<Backlog> {
    Ok(sqlx::query_as!(
        Backlog,
        r#"SELECT
               (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 'waiting' LIMIT $2) AS w) AS "waiting!",
               (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 'running' LIMIT $2) AS r) AS "running!",
               (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 'dead' LIMIT $2) AS d) AS "dead!",
               (SELECT min(first.due_at)
                FROM (VALUES (0::smallint), (1::smallint), (2::smallint)) AS level (priority)
                CROSS JOIN LATERAL (
                    SELECT due_at FROM jobs
                    WHERE jobs.priority = level.priority AND state <> 'dead' AND due_at <= $1
                    ORDER BY due_at LIMIT 1) AS first) AS oldest_due_at"#,
        now,
        COUNT_AT_MOST,
    )
    .fetch_one(conn)
    .await?)
}
