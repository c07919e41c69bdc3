//! The metrics of the queue: `kamhub_jobs_*`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics::{counter, gauge, histogram};

use crate::{execute::Outcome, model::Backlog};

/// Counts an attempt and, where a handler ran, how long.
pub(crate) fn attempt(kind: &str, outcome: Outcome, ran: Option<Duration>) {
    let kind = kind.to_owned();
    counter!("kamhub_jobs_attempts_total", "kind" => kind.clone(), "outcome" => outcome.as_str())
        .increment(1);
    if let Some(ran) = ran {
        histogram!("kamhub_jobs_run_seconds", "kind" => kind).record(ran.as_secs_f64());
    }
}

/// Shows a sample of the queue.
// A gauge is a float; the counts stop far below where one loses integers.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn sample(sample: &Backlog, now: DateTime<Utc>) {
    gauge!("kamhub_jobs_waiting").set(sample.waiting as f64);
    gauge!("kamhub_jobs_running").set(sample.running as f64);
    gauge!("kamhub_jobs_dead").set(sample.dead as f64);
    let oldest = sample.oldest_due_at.map_or(0, |due| (now - due).num_milliseconds().max(0));
    gauge!("kamhub_jobs_oldest_waiting_seconds").set(oldest as f64 / 1000.0);
}
