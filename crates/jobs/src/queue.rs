//! The queue as the product holds it, and how a job is stored.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use kamhub_kernel::Clock;
use sqlx::{PgConnection, PgPool, pool::PoolConnection, postgres::Postgres};
use tokio::sync::Notify;

use crate::{
    error::QueueError,
    model::{Job, JobRecord, NewJob},
    repo,
};

/// How many jobs [`Queue::unfinished`] lists at most.
const UNFINISHED_AT_MOST: i64 = 1000;

/// Stores a job in the caller's transaction: it exists from the commit on, and not at all after a rollback.
/// Answers its id, or that of the waiting twin it was folded into (see [`NewJob::dedupe_key`]).
///
/// # Errors
/// The payload cannot be written as JSON; the database failed.
pub async fn enqueue<J: Job>(
    conn: &mut PgConnection,
    clock: &dyn Clock,
    job: impl Into<NewJob<J>>,
) -> Result<i64, QueueError> {
    let new = job.into();
    let now = clock.now();
    let insert = repo::Insert {
        kind: J::KIND,
        dedupe_key: new.dedupe_key.as_deref(),
        priority: new.priority.as_i16(),
        run_at: new.run_at.unwrap_or(now),
        max_attempts: J::MAX_ATTEMPTS,
        now,
    };
    Ok(repo::insert(conn, &insert, &payload(&new.job)?).await?)
}

/// [`enqueue`] for many jobs of one kind in one statement, all due at once, none with a key.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_all<J: Job>(
    conn: &mut PgConnection,
    clock: &dyn Clock,
    jobs: &[J],
) -> Result<(), QueueError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let payloads = jobs.iter().map(payload).collect::<Result<Vec<_>, _>>()?;
    let now = clock.now();
    let insert = repo::Insert {
        kind: J::KIND,
        dedupe_key: None,
        priority: J::PRIORITY.as_i16(),
        run_at: now,
        max_attempts: J::MAX_ATTEMPTS,
        now,
    };
    Ok(repo::insert_all(conn, &insert, &payloads).await?)
}

pub(crate) fn payload<J: Job>(job: &J) -> Result<serde_json::Value, QueueError> {
    serde_json::to_value(job).map_err(|source| QueueError::Payload { kind: J::KIND, source })
}

/// The queue of one process: its pool, its clock, and the bell that wakes its workers. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    bell: Notify,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    /// A queue on this database. Workers take short-lived connections from the pool: one each for claims and
    /// heartbeats, and one per job while it is being finished.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::new(Inner { pool, clock, bell: Notify::new() }) }
    }

    /// Wakes a worker of this process, so that a job just committed runs at once instead of at the next poll.
    /// Call it after the commit. Nothing is lost where it is not called.
    pub fn wake(&self) {
        self.inner.bell.notify_one();
    }

    /// The jobs that are due, running or dead (at most 1000, oldest first). A test ends with none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn unfinished(&self) -> Result<Vec<JobRecord>, QueueError> {
        let mut conn = self.connection().await?;
        Ok(repo::unfinished(&mut conn, self.now(), UNFINISHED_AT_MOST).await?)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    pub(crate) async fn connection(&self) -> Result<PoolConnection<Postgres>, QueueError> {
        Ok(self.inner.pool.acquire().await?)
    }

    /// Until somebody calls [`Queue::wake`]; at once where somebody has since the last wait.
    pub(crate) async fn woken(&self) {
        self.inner.bell.notified().await;
    }
}
