//! Durable job queue on PostgreSQL: enqueue in the caller's transaction, lease, retry, schedule, dead letters.
//!
//! - [`enqueue`] writes a job with the caller's own rows: both are there after the commit, or neither.
//! - A [`Worker`] claims due jobs by lease in one short statement, runs their handlers outside any transaction,
//!   and finishes a job only while its lease is still its own. A job runs at least once; a handler that calls
//!   [`Lease::finish_in`] has its effects inside the database exactly once.
//! - Failures are retried with full jitter ([`Backoff`]), `Retry-After` is honoured, permanent errors end early,
//!   and what cannot be done waits as a dead letter ([`dead`]) for an operator.
//! - Nothing depends on a signal: every worker polls, and [`Queue::wake`] only makes it sooner.
//!
//! The guarantees and how to add a job are in `docs/JOBS.md`; why not a library, in `docs/adr/0004-job-queue.md`.

mod backoff;
pub mod dead;
mod drain;
mod error;
mod execute;
mod lease;
mod metric;
mod model;
mod queue;
mod registry;
mod repo;
mod schedule;
mod worker;

pub use backoff::Backoff;
pub use drain::DrainReport;
pub use error::{JobError, QueueError};
pub use lease::{Context, Fate, Lease};
pub use model::{Backlog, Job, JobRecord, JobState, NewJob, Priority};
pub use queue::{Queue, enqueue, enqueue_all, enqueue_each};
pub use registry::Registry;
pub use worker::{Worker, WorkerOptions};
