//! What a handler is given beside its payload.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kamhub_postgres::PgConnection;
use tokio_util::sync::CancellationToken;

use crate::{
    backoff::Backoff,
    error::{JobError, QueueError},
    execute::{Outcome, storable},
    queue::Queue,
    repo,
};

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
    /// Failed attempts so far, this one included, since it was last replayed.
    failures: i32,
    max_attempts: i32,
    backoff: Backoff,
    settled: Mutex<Option<Settled>>,
}

/// How the handler ended the attempt in its own transaction (which it may have rolled back).
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub outcome: Outcome,
    pub error: Option<String>,
}

/// What becomes of a job whose attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again at this time.
    Waits(DateTime<Utc>),
    /// It is a dead letter.
    Dead,
}

impl Lease {
    pub(crate) fn new(queue: Queue, claimed: &repo::Claimed, backoff: Backoff) -> Self {
        let inner = Inner {
            queue,
            id: claimed.id,
            attempt: claimed.attempt,
            failures: claimed.attempt - claimed.attempts_forgiven,
            max_attempts: claimed.max_attempts,
            backoff,
            settled: Mutex::new(None),
        };
        Self { inner: Arc::new(inner) }
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
        let done = repo::finish(conn, self.inner.id, self.inner.attempt).await?;
        self.settle(done, Outcome::Succeeded, None)
    }

    /// Ends a failed attempt in the handler's own transaction: the job waits for its next attempt, or is a dead
    /// letter, together with what the handler writes about it. The handler commits, and returns `Ok`. For jobs
    /// without a key: one whose twin waits meanwhile cannot wait beside it, and the statement fails.
    ///
    /// # Errors
    /// [`QueueError::LeaseLost`]: another worker has or had the job; roll back. The database failed.
    pub async fn fail_in(
        &self,
        conn: &mut PgConnection,
        failure: JobError,
    ) -> Result<Fate, QueueError> {
        let Inner { queue, id, attempt, failures, max_attempts, backoff, .. } = &*self.inner;
        let (text, after) = match failure {
            JobError::Retry { error, after } if failures < max_attempts => (storable(error), after),
            JobError::Retry { error, .. } | JobError::Permanent { error } => {
                let text = storable(error);
                let done = repo::bury(conn, *id, *attempt, &text, queue.now()).await?;
                self.settle(done, Outcome::Dead, Some(text))?;
                return Ok(Fate::Dead);
            }
        };
        let failures = u32::try_from(*failures).unwrap_or(1);
        let run_at = queue.now() + backoff.delay(failures, after, queue.clock());
        let done = repo::put_back(conn, *id, *attempt, run_at, Some(&text), 0).await?;
        self.settle(done, Outcome::Retried, Some(text))?;
        Ok(Fate::Waits(run_at))
    }

    /// Puts the job off until `until` in the handler's own transaction, without counting this attempt: it was
    /// not its turn. The rest is as in [`Lease::fail_in`].
    ///
    /// # Errors
    /// [`QueueError::LeaseLost`]: another worker has or had the job; roll back. The database failed.
    pub async fn postpone_in(
        &self,
        conn: &mut PgConnection,
        until: DateTime<Utc>,
    ) -> Result<(), QueueError> {
        let done = repo::put_back(conn, self.inner.id, self.inner.attempt, until, None, 1).await?;
        self.settle(done, Outcome::Released, None)
    }

    fn settle(
        &self,
        done: bool,
        outcome: Outcome,
        error: Option<String>,
    ) -> Result<(), QueueError> {
        if !done {
            return Err(self.lost());
        }
        *self.inner.settled.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Settled { outcome, error });
        Ok(())
    }

    /// How the handler ended the attempt in a transaction (which it may have rolled back).
    pub(crate) fn settled_by_handler(&self) -> Option<Settled> {
        self.inner.settled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lost(&self) -> QueueError {
        QueueError::LeaseLost { id: self.inner.id, attempt: self.inner.attempt }
    }
}
