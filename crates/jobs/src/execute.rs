//! One attempt: run the handler, and settle what became of it.

use std::{
    panic,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use kamhub_postgres::DbResult;
use tokio::task::JoinError;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument;

use crate::{
    error::JobError,
    lease::{Context, Lease},
    metric,
    queue::Queue,
    registry::{Entry, Registry},
    repo::{self, Claimed},
};

/// How long a handler that was told to stop may take to reach its next `await`.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// What is kept of an error, in bytes.
const ERROR_AT_MOST: usize = 2000;
/// The index that allows one waiting job per key.
const ONE_WAITING_PER_KEY: &str = "jobs_one_waiting_per_key";

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The job is done.
    Succeeded,
    /// It failed and waits for the next attempt.
    Retried,
    /// It failed, and a waiting twin with the same key does its work.
    Folded,
    /// It failed for good.
    Dead,
    /// Somebody else has the job; this attempt changed nothing.
    LeaseLost,
    /// The worker stopped first; the job waits, and the attempt does not count.
    Released,
    /// The database could not be told, or the handler could not be stopped; the lease will run out and the job runs
    /// again.
    Unsettled,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Retried => "retried",
            Self::Folded => "folded",
            Self::Dead => "dead",
            Self::LeaseLost => "lease_lost",
            Self::Released => "released",
            Self::Unsettled => "unsettled",
        }
    }
}

/// How a worker's stop reaches its attempts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    /// The worker takes no more jobs; handlers may end early.
    pub requested: CancellationToken,
    /// The grace is over; handlers are stopped.
    pub forced: CancellationToken,
}

/// How the handler ended.
enum Ended {
    Returned(Result<(), JobError>),
    Stopped,
    /// Told to stop, and still running: it does not come to an `await`.
    Stuck,
}

/// Runs one claimed job and settles it. Answers what became of it, and the error where it failed.
pub(crate) async fn execute(
    queue: &Queue,
    registry: &Registry,
    claimed: Claimed,
    stop: &Stop,
    settle_within: Duration,
) -> (Outcome, Option<String>) {
    let id = claimed.id;
    if claimed.buried {
        let error = "the lease of the last attempt ran out".to_owned();
        metric::attempt(&claimed.kind, Outcome::Dead, None);
        tracing::error!(job.id = id, job.kind = claimed.kind, error, "job is a dead letter");
        return (Outcome::Dead, Some(error));
    }
    let Some(entry) = registry.entry(&claimed.kind) else {
        // Never claimed: the claim asks for the registry's own kinds.
        return (Outcome::Unsettled, None);
    };
    let lease = Lease::new(queue.clone(), &claimed, entry.backoff);
    let context = Context::new(lease.clone(), stop.requested.clone(), &claimed);
    let began = Instant::now();
    let ended = run(entry, context, &claimed, stop).await;
    let ran = began.elapsed();
    let settlement = Settlement { queue, entry, claimed: &claimed, lease: &lease };
    let (outcome, error) = settlement.settle(ended, settle_within).await;
    metric::attempt(&claimed.kind, outcome, Some(ran));
    report(&claimed, outcome, error.as_deref(), ran);
    (outcome, error)
}

async fn run(entry: &Entry, context: Context, claimed: &Claimed, stop: &Stop) -> Ended {
    let span = tracing::info_span!("job", id = claimed.id, kind = claimed.kind, claimed.attempt);
    let handler = entry.run.clone();
    let payload = claimed.payload.clone();
    // A task of its own catches panics, and lives no longer than this attempt.
    let call = async move { handler(context, payload).await };
    let mut task = AbortOnDropHandle::new(tokio::spawn(call.instrument(span)));
    let timed_out = tokio::select! {
        joined = &mut task => return Ended::Returned(joined.unwrap_or_else(|e| Err(panicked(e)))),
        () = tokio::time::sleep(entry.timeout) => true,
        () = stop.forced.cancelled() => false,
    };
    task.abort();
    match tokio::time::timeout(STOP_WITHIN, task).await {
        Ok(Ok(result)) => Ended::Returned(result),
        _ if timed_out => {
            let seconds = entry.timeout.as_secs_f64();
            Ended::Returned(Err(JobError::retry(format!("timed out after {seconds} s"))))
        }
        Ok(Err(_)) => Ended::Stopped,
        Err(_) => Ended::Stuck,
    }
}

fn panicked(error: JoinError) -> JobError {
    let Ok(payload) = error.try_into_panic() else {
        return JobError::retry("the handler was cancelled");
    };
    let text = match payload.downcast_ref::<&str>() {
        Some(text) => (*text).to_owned(),
        None => payload.downcast_ref::<String>().cloned().unwrap_or_default(),
    };
    JobError::retry(format!("the handler panicked: {text}"))
}

struct Settlement<'a> {
    queue: &'a Queue,
    entry: &'a Entry,
    claimed: &'a Claimed,
    lease: &'a Lease,
}

impl Settlement<'_> {
    /// Records the end of the attempt, and tries again while the database cannot be reached and the lease may hold.
    async fn settle(&self, ended: Ended, within: Duration) -> (Outcome, Option<String>) {
        let failure = match ended {
            // Nobody else may start it while it may still have effects: the lease runs out by itself.
            Ended::Stuck => return (Outcome::Unsettled, None),
            Ended::Stopped => return (self.persist(within, || self.release()).await, None),
            Ended::Returned(Ok(())) if self.lease.settled_by_handler().is_none() => {
                return (self.persist(within, || self.finish()).await, None);
            }
            Ended::Returned(Ok(())) => {
                JobError::retry("settled in a transaction that was not committed")
            }
            Ended::Returned(Err(failure)) => failure,
        };
        let (text, after, permanent) = match failure {
            JobError::Retry { error, after } => (storable(error), after, false),
            JobError::Permanent { error } => (storable(error), None, true),
        };
        let outcome = self.persist(within, || self.fail(&text, after, permanent)).await;
        match (outcome, self.lease.settled_by_handler()) {
            (Outcome::Succeeded, _) => (outcome, None),
            (_, Some(settled)) if settled.outcome == outcome => (outcome, settled.error),
            _ => (outcome, Some(text)),
        }
    }

    async fn persist<F, R>(&self, within: Duration, mut attempt: F) -> Outcome
    where
        F: FnMut() -> R,
        R: Future<Output = DbResult<Outcome>>,
    {
        let began = Instant::now();
        let mut wait = Duration::from_millis(100);
        loop {
            match attempt().await {
                Ok(outcome) => return outcome,
                Err(error) if began.elapsed() + wait >= within => {
                    tracing::error!(job.id = self.claimed.id, %error, cause = ?error, "job not settled");
                    return Outcome::Unsettled;
                }
                Err(_) => tokio::time::sleep(wait).await,
            }
            wait = wait.saturating_mul(2).min(Duration::from_secs(5));
        }
    }

    async fn finish(&self) -> DbResult<Outcome> {
        let mut conn = self.queue.connection().await?;
        let done = repo::finish(&mut conn, self.claimed.id, self.claimed.attempt).await?;
        Ok(if done { Outcome::Succeeded } else { Outcome::LeaseLost })
    }

    async fn release(&self) -> DbResult<Outcome> {
        self.put_back(self.queue.now(), None, 1, Outcome::Released).await
    }

    async fn fail(
        &self,
        error: &str,
        after: Option<Duration>,
        permanent: bool,
    ) -> DbResult<Outcome> {
        let Claimed { id, attempt, attempts_forgiven, max_attempts, .. } = *self.claimed;
        let failures = attempt - attempts_forgiven;
        if permanent || failures >= max_attempts {
            let mut conn = self.queue.connection().await?;
            let done = repo::bury(&mut conn, id, attempt, error, self.queue.now()).await?;
            return Ok(if done { Outcome::Dead } else { self.gone() });
        }
        let failures = u32::try_from(failures).unwrap_or(1);
        let delay = self.entry.backoff.delay(failures, after, self.queue.clock());
        self.put_back(self.queue.now() + delay, Some(error), 0, Outcome::Retried).await
    }

    /// Back to waiting; where a twin with the same key waits already, this job has nothing left to do.
    async fn put_back(
        &self,
        run_at: DateTime<Utc>,
        error: Option<&str>,
        forgiven: i32,
        outcome: Outcome,
    ) -> DbResult<Outcome> {
        let Claimed { id, attempt, .. } = *self.claimed;
        let mut conn = self.queue.connection().await?;
        match repo::put_back(&mut conn, id, attempt, run_at, error, forgiven).await {
            Ok(true) => Ok(outcome),
            Ok(false) => Ok(self.gone()),
            Err(fault) if fault.constraint() == Some(ONE_WAITING_PER_KEY) => {
                let done = repo::finish(&mut conn, id, attempt).await?;
                Ok(if done { Outcome::Folded } else { self.gone() })
            }
            Err(fault) => Err(fault),
        }
    }

    /// The job is no longer ours: because the handler settled it and committed, or because the lease is lost.
    fn gone(&self) -> Outcome {
        self.lease.settled_by_handler().map_or(Outcome::LeaseLost, |settled| settled.outcome)
    }
}

/// The text as PostgreSQL can store it, bounded.
pub(crate) fn storable(mut text: String) -> String {
    text.retain(|c| c != '\0');
    if text.len() > ERROR_AT_MOST {
        let end = (0..=ERROR_AT_MOST).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

fn report(claimed: &Claimed, outcome: Outcome, error: Option<&str>, ran: Duration) {
    let Claimed { id, kind, attempt, .. } = claimed;
    let ran_ms = u64::try_from(ran.as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Outcome::Succeeded => {
            tracing::debug!(job.id = id, job.kind = kind, attempt, ran_ms, "job done");
        }
        Outcome::Dead => {
            tracing::error!(
                job.id = id,
                job.kind = kind,
                attempt,
                ran_ms,
                error,
                "job is a dead letter"
            );
        }
        _ => {
            let outcome = outcome.as_str();
            tracing::warn!(
                job.id = id,
                job.kind = kind,
                attempt,
                ran_ms,
                outcome,
                error,
                "job not done"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_cut_between_characters_and_holds_no_nul() {
        assert_eq!(storable("a\0b".to_owned()), "ab");
        let cut = storable("я".repeat(ERROR_AT_MOST));
        assert_eq!(cut.len(), ERROR_AT_MOST);
        let cut = storable(format!("x{}", "я".repeat(ERROR_AT_MOST)));
        assert_eq!(cut.len(), ERROR_AT_MOST - 1);
    }
}
