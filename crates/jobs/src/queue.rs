//! The queue as the product holds it, and how a job is stored.

use std::{collections::HashSet, fmt, sync::Arc};

use chrono::{DateTime, Utc};
use kamhub_kernel::{Clock, clock::SharedClock};
use kamhub_postgres::{Db, DbError, DbResult, PgConnection};
use sqlx::{Postgres, pool::PoolConnection};
use tokio::sync::Notify;

use crate::{
    model::{Backlog, Job, JobRecord, NewJob},
    repo,
};

/// How many jobs [`Queue::unfinished`] lists at most.
const UNFINISHED_AT_MOST: i64 = 1000;

/// Stores a job in the caller's transaction: it exists from the commit on, and not at all after a rollback.
/// Answers its id, or that of the waiting twin it was folded into (see [`NewJob::dedupe_key`]).
///
/// # Errors
/// The database failed; the payload cannot be written as JSON ([`DbError::Other`]).
pub async fn enqueue<J: Job>(
    conn: &mut PgConnection,
    clock: &dyn Clock,
    job: impl Into<NewJob<J>>,
) -> DbResult<i64> {
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
    repo::insert(conn, &insert, &payload(&new.job)?).await
}

/// [`enqueue`] for many jobs of one kind in one statement, all due at once, none with a key.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_all<J: Job>(
    conn: &mut PgConnection,
    clock: &dyn Clock,
    jobs: &[J],
) -> DbResult<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let payloads = jobs.iter().map(payload).collect::<DbResult<Vec<_>>>()?;
    let now = clock.now();
    let insert = repo::Insert {
        kind: J::KIND,
        dedupe_key: None,
        priority: J::PRIORITY.as_i16(),
        run_at: now,
        max_attempts: J::MAX_ATTEMPTS,
        now,
    };
    repo::insert_all(conn, &insert, &payloads).await
}

/// [`enqueue`] for many jobs of one kind in one statement, each with its own time and key. Of two with the same
/// key the first is stored. All have the kind's priority.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_each<J: Job>(
    conn: &mut PgConnection,
    clock: &dyn Clock,
    jobs: Vec<NewJob<J>>,
) -> DbResult<()> {
    let now = clock.now();
    let mut seen = HashSet::new();
    let (mut keys, mut times, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
    for new in jobs {
        if new.dedupe_key.as_ref().is_some_and(|key| !seen.insert(key.clone())) {
            continue;
        }
        payloads.push(payload(&new.job)?);
        times.push(new.run_at.unwrap_or(now));
        keys.push(new.dedupe_key);
    }
    if payloads.is_empty() {
        return Ok(());
    }
    let insert = repo::Insert {
        kind: J::KIND,
        dedupe_key: None,
        priority: J::PRIORITY.as_i16(),
        run_at: now,
        max_attempts: J::MAX_ATTEMPTS,
        now,
    };
    repo::insert_each(conn, &insert, &keys, &times, &payloads).await
}

pub(crate) fn payload<J: Job>(job: &J) -> DbResult<serde_json::Value> {
    serde_json::to_value(job).map_err(|fault| DbError::Other(sqlx::Error::Encode(Box::new(fault))))
}

/// The queue of one process: its pool, its clock, and the bell that wakes its workers. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: SharedClock,
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
    pub fn new(db: Db, clock: SharedClock) -> Self {
        Self { inner: Arc::new(Inner { db, clock, bell: Notify::new() }) }
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
    pub async fn unfinished(&self) -> DbResult<Vec<JobRecord>> {
        let mut conn = self.connection().await?;
        repo::unfinished(&mut conn, self.now(), UNFINISHED_AT_MOST).await
    }

    /// How much there is to do, for health; each count stops at 100,000.
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self) -> DbResult<Backlog> {
        let mut conn = self.connection().await?;
        repo::sample(&mut conn, self.now()).await
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    pub(crate) async fn connection(&self) -> DbResult<PoolConnection<Postgres>> {
        self.inner.db.connection().await
    }

    /// Until somebody calls [`Queue::wake`]; at once where somebody has since the last wait.
    pub(crate) async fn woken(&self) {
        self.inner.bell.notified().await;
    }
}
