//! All the SQL of the queue: here a job's own life, in `operate` what an operator sees and does, in `schedules` the
//! periodic jobs. Every time is bound by the caller.
//!
//! A statement that ends or extends an attempt names the job *and* the attempt: the number is the fence, so it
//! changes nothing once somebody else has claimed the job.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use serde_json::Value;

mod operate;
mod schedules;

pub(crate) use operate::*;
pub(crate) use schedules::*;

/// What is stored of a new job.
pub(crate) struct Insert<'a> {
    pub kind: &'a str,
    pub dedupe_key: Option<&'a str>,
    pub priority: i16,
    pub run_at: DateTime<Utc>,
    pub max_attempts: i32,
    pub now: DateTime<Utc>,
}

/// Stores a job, or folds it into its waiting twin; answers the id of the one that waits.
///
/// On a conflict the twin is updated even where nothing changes: that locks it until our commit, so that no
/// worker can run it before the rows it is to see are visible.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &Insert<'_>,
    payload: &Value,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO jobs (kind, payload, dedupe_key, priority, run_at, max_attempts, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (kind, dedupe_key) WHERE state = 'waiting' AND dedupe_key IS NOT NULL
           DO UPDATE SET run_at = CASE WHEN jobs.attempt = jobs.attempts_forgiven
                                       THEN LEAST(jobs.run_at, excluded.run_at)
                                       ELSE jobs.run_at END
           RETURNING id"#,
        new.kind,
        payload,
        new.dedupe_key,
        new.priority,
        new.run_at,
        new.max_attempts,
        new.now,
    )
    .fetch_one(conn)
    .await?)
}

/// Stores many jobs of one kind in one statement; their `dedupe_key` is not used.
pub(crate) async fn insert_all(
    conn: &mut PgConnection,
    new: &Insert<'_>,
    payloads: &[Value],
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO jobs (kind, payload, priority, run_at, max_attempts, created_at)
         SELECT $1, payload, $3, $4, $5, $6 FROM unnest($2::jsonb[]) AS payload",
        new.kind,
        payloads,
        new.priority,
        new.run_at,
        new.max_attempts,
        new.now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores many jobs of one kind in one statement, each as [`insert`] does: with its own time and key, in the
/// order of the keys, so that two of these wait for each other instead of deadlocking. No key comes twice.
pub(crate) async fn insert_each(
    conn: &mut PgConnection,
    new: &Insert<'_>,
    keys: &[Option<String>],
    times: &[DateTime<Utc>],
    payloads: &[Value],
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO jobs (kind, payload, dedupe_key, priority, run_at, max_attempts, created_at)
         SELECT $1, each.payload, each.key, $5, each.run_at, $6, $7
         FROM unnest($2::jsonb[], $3::text[], $4::timestamptz[]) AS each (payload, key, run_at)
         ORDER BY each.key
         ON CONFLICT (kind, dedupe_key) WHERE state = 'waiting' AND dedupe_key IS NOT NULL
         DO UPDATE SET run_at = CASE WHEN jobs.attempt = jobs.attempts_forgiven
                                     THEN LEAST(jobs.run_at, excluded.run_at)
                                     ELSE jobs.run_at END",
        new.kind,
        payloads,
        keys as &[Option<String>],
        times,
        new.priority,
        new.max_attempts,
        new.now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A job as its claim found it.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub id: i64,
    pub kind: String,
    pub payload: Value,
    pub priority: i16,
    pub run_at: DateTime<Utc>,
    pub attempt: i32,
    pub attempts_forgiven: i32,
    pub max_attempts: i32,
    /// Buried by the claim instead of leased: its last attempt let the lease run out.
    pub buried: bool,
}

/// Leases up to `limit` due jobs of the given kinds: waiting ones, and running ones whose lease has ended. One
/// whose last allowed attempt let its lease run out is buried here, or a job that kills its process would do so
/// for ever.
pub(crate) async fn claim(
    conn: &mut PgConnection,
    kinds: &[String],
    worker: &str,
    now: DateTime<Utc>,
    locked_until: DateTime<Utc>,
    limit: i64,
) -> DbResult<Vec<Claimed>> {
    let mut claimed = sqlx::query_as!(
        Claimed,
        r#"WITH picked AS (
               SELECT due.id, due.state = 'running' AND due.attempt - due.attempts_forgiven >= due.max_attempts
                              AS spent
               FROM (VALUES (0::smallint), (1::smallint), (2::smallint)) AS level (priority)
               CROSS JOIN LATERAL (
                   SELECT jobs.* FROM jobs
                   WHERE jobs.priority = level.priority AND state <> 'dead' AND due_at <= $1
                         AND kind = ANY ($2)
                   ORDER BY due_at, id
                   LIMIT $3
                   FOR UPDATE SKIP LOCKED
               ) AS due
               LIMIT $3
           )
           UPDATE jobs
           SET state = CASE WHEN spent THEN 'dead' ELSE 'running' END,
               attempt = attempt + CASE WHEN spent THEN 0 ELSE 1 END,
               locked_until = CASE WHEN spent THEN NULL ELSE $4::timestamptz END,
               locked_by = CASE WHEN spent THEN NULL ELSE $5 END,
               dead_at = CASE WHEN spent THEN $1 END,
               last_error = CASE WHEN state = 'running' THEN 'the lease of ' || locked_by || ' ran out'
                                 ELSE last_error END
           FROM picked
           WHERE jobs.id = picked.id
           RETURNING jobs.id, kind, payload, priority, run_at, attempt, attempts_forgiven, max_attempts,
                     state = 'dead' AS "buried!""#,
        now,
        kinds,
        limit,
        locked_until,
        worker,
    )
    .fetch_all(conn)
    .await?;
    claimed.sort_by_key(|job| (job.priority, job.run_at, job.id));
    Ok(claimed)
}

/// Extends the leases of many attempts at once; answers the jobs extended. Rows that somebody has locked are left
/// alone: they are being finished, and waiting for them would hold up all the others.
pub(crate) async fn extend_all(
    conn: &mut PgConnection,
    ids: &[i64],
    attempts: &[i32],
    locked_until: DateTime<Utc>,
) -> DbResult<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "UPDATE jobs SET locked_until = GREATEST(locked_until, $3)
         FROM (SELECT held_jobs.id FROM jobs AS held_jobs
               JOIN unnest($1::bigint[], $2::integer[]) AS held (id, attempt)
                    ON held_jobs.id = held.id AND held_jobs.attempt = held.attempt
               WHERE held_jobs.state = 'running'
               FOR UPDATE OF held_jobs SKIP LOCKED) AS mine
         WHERE jobs.id = mine.id
         RETURNING jobs.id",
        ids,
        attempts,
        locked_until,
    )
    .fetch_all(conn)
    .await?)
}

/// Extends the lease of one attempt; false where it is lost.
pub(crate) async fn extend(
    conn: &mut PgConnection,
    id: i64,
    attempt: i32,
    locked_until: DateTime<Utc>,
) -> DbResult<bool> {
    let done = sqlx::query!(
        "UPDATE jobs SET locked_until = GREATEST(locked_until, $3)
         WHERE id = $1 AND attempt = $2 AND state = 'running'",
        id,
        attempt,
        locked_until,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Finishes a job, by deleting it; false where the lease is lost.
pub(crate) async fn finish(conn: &mut PgConnection, id: i64, attempt: i32) -> DbResult<bool> {
    let done = sqlx::query!(
        "DELETE FROM jobs WHERE id = $1 AND attempt = $2 AND state = 'running'",
        id,
        attempt,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a job back to wait until `run_at`; false where the lease is lost. `forgiven` attempts (0 or 1) do not
/// count against its limit. A twin that waits meanwhile makes this a violation of `jobs_one_waiting_per_key`.
pub(crate) async fn put_back(
    conn: &mut PgConnection,
    id: i64,
    attempt: i32,
    run_at: DateTime<Utc>,
    error: Option<&str>,
    forgiven: i32,
) -> DbResult<bool> {
    let done = sqlx::query!(
        "UPDATE jobs
         SET state = 'waiting', run_at = $3, last_error = COALESCE($4, last_error),
             attempts_forgiven = attempts_forgiven + $5, locked_until = NULL, locked_by = NULL
         WHERE id = $1 AND attempt = $2 AND state = 'running'",
        id,
        attempt,
        run_at,
        error,
        forgiven,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a job a dead letter; false where the lease is lost.
pub(crate) async fn bury(
    conn: &mut PgConnection,
    id: i64,
    attempt: i32,
    error: &str,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    let done = sqlx::query!(
        "UPDATE jobs SET state = 'dead', dead_at = $4, last_error = $3, locked_until = NULL, locked_by = NULL
         WHERE id = $1 AND attempt = $2 AND state = 'running'",
        id,
        attempt,
        error,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
