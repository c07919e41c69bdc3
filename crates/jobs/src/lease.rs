//! What a handler is given beside its payload.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kamhub_postgres::PgConnection;
use tokio_util::sync::CancellationToken;

use crate::{error::QueueError, queue::Queue, repo};

/// What a handler is given beside its payload.
#[derive(Debug, Clone)]
pub struct Context {
    lease: Lease,
    shutdown: CancellationToken,
    attempts_used: i32,
    max_attempts: i32,
}

impl Context {
    pub(crate) fn new(lease: Lease, shutdown: CancellationToken, claimed: &repo::Claimed) -> Self {
        let attempts_used = claimed.attempt - claimed.attempts_forgiven;
        Self { lease, shutdown, attempts_used, max_attempts: claimed.max_attempts }
    }

    /// The lease on the job.
    #[must_use]
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Cancelled when the worker is asked to stop: a long handler may end early with a retry. One that does not
    /// is stopped when the worker's grace ends, and its job runs again elsewhere.
    #[must_use]
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Whether a failure of this attempt makes the job a dead letter.
    #[must_use]
    pub fn is_last_attempt(&self) -> bool {
        self.attempts_used >= self.max_attempts
    }
}

/// The right to finish one attempt of one job. It is extended while the handler runs; it is lost when the process
/// stalls for longer than the lease and another worker takes the job.
#[derive(Debug, Clone)]
pub struct Lease {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    queue: Queue,
    id: i64,
    attempt: i32,
    finished: AtomicBool,
}

impl Lease {
    pub(crate) fn new(queue: Queue, id: i64, attempt: i32) -> Self {
        Self { inner: Arc::new(Inner { queue, id, attempt, finished: AtomicBool::new(false) }) }
    }

    /// The job's id: the same in every attempt, so that a receiver can recognise a repetition by it.
    #[must_use]
    pub fn job_id(&self) -> i64 {
        self.inner.id
    }

    /// The number of this attempt, from 1; it also counts attempts before a replay.
    #[must_use]
    pub fn attempt(&self) -> i32 {
        self.inner.attempt
    }

    /// Makes sure that the lease is still ours and lasts for `by` from now: worth a call right before an effect
    /// outside the database that takes long or must rarely happen twice.
    ///
    /// # Errors
    /// [`QueueError::LeaseLost`]: another worker has the job; stop here. The database failed.
    pub async fn extend(&self, by: Duration) -> Result<(), QueueError> {
        let Inner { queue, id, attempt, .. } = self.inner.as_ref();
        let mut conn = queue.connection().await?;
        if repo::extend(&mut conn, *id, *attempt, queue.now() + by).await? {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// Finishes the job in the handler's own transaction, whose effects then happen exactly once: they and the end
    /// of the job are committed together, or neither is. The handler commits, and returns `Ok`.
    ///
    /// # Errors
    /// [`QueueError::LeaseLost`]: another worker has or had the job; roll back. The database failed.
    pub async fn finish_in(&self, conn: &mut PgConnection) -> Result<(), QueueError> {
        if repo::finish(conn, self.inner.id, self.inner.attempt).await? {
            self.inner.finished.store(true, Ordering::Release);
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// Whether the handler finished the job in a transaction (which it may have rolled back).
    pub(crate) fn finished_by_handler(&self) -> bool {
        self.inner.finished.load(Ordering::Acquire)
    }

    fn lost(&self) -> QueueError {
        QueueError::LeaseLost { id: self.inner.id, attempt: self.inner.attempt }
    }
}
