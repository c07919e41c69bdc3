//! What a job is.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};

use crate::backoff::Backoff;

/// A kind of work that can be stored and done later. The payload is small: ids, not content.
///
/// A running system holds payloads written by the version before: fields are added with `#[serde(default)]`, and
/// never renamed.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The stable name of the kind, as stored, logged and measured: `slice.what_it_does`.
    const KIND: &'static str;
    /// After this many failed attempts the job is a dead letter. 1 to 1000.
    const MAX_ATTEMPTS: i32 = 25;
    /// The waits between attempts.
    const BACKOFF: Backoff = Backoff::DEFAULT;
    /// An attempt that takes longer is stopped and counts as failed.
    const TIMEOUT: Duration = Duration::from_secs(300);
    /// Which due jobs are taken first.
    const PRIORITY: Priority = Priority::Normal;
}

/// Due jobs are taken by priority, and by age within one. A steady flood of a higher one starves the lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Somebody waits for it.
    High,
    /// The default.
    Normal,
    /// Housekeeping.
    Low,
}

impl Priority {
    pub(crate) const fn as_i16(self) -> i16 {
        match self {
            Self::High => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }
}

/// A job to be stored, with what differs from its kind's defaults.
#[derive(Debug, Clone)]
pub struct NewJob<J> {
    pub(crate) job: J,
    pub(crate) run_at: Option<DateTime<Utc>>,
    pub(crate) dedupe_key: Option<String>,
    pub(crate) priority: Priority,
}

impl<J: Job> NewJob<J> {
    /// A job that is due at once.
    pub fn new(job: J) -> Self {
        Self { job, run_at: None, dedupe_key: None, priority: J::PRIORITY }
    }

    /// Not before this time.
    #[must_use]
    pub fn run_at(mut self, time: DateTime<Utc>) -> Self {
        self.run_at = Some(time);
        self
    }

    /// Declares that any two jobs of this kind with this key (1 to 200 characters) are interchangeable: while one
    /// waits, storing another changes nothing but, before its first attempt, makes it due at the earlier time of
    /// the two. The payload of the waiting one stays. One that runs already does not count: it may have read
    /// what has changed since.
    #[must_use]
    pub fn dedupe_key(mut self, key: impl Into<String>) -> Self {
        self.dedupe_key = Some(key.into());
        self
    }

    /// Another priority than its kind's.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }
}

impl<J: Job> From<J> for NewJob<J> {
    fn from(job: J) -> Self {
        Self::new(job)
    }
}

/// Where a stored job is. A finished one is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum JobState {
    /// To be run when it is due, for the first time or again.
    Waiting,
    /// Leased by a worker.
    Running,
    /// Failed for good; waits for an operator.
    Dead,
}

/// A stored job, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    /// The job's id; stable over all its attempts.
    pub id: i64,
    /// The stable name of its kind.
    pub kind: String,
    /// What it works on.
    pub payload: serde_json::Value,
    /// Where it is.
    pub state: JobState,
    /// Attempts started so far.
    pub attempt: i32,
    /// Failed attempts it may have (since it was last replayed).
    pub max_attempts: i32,
    /// When it was due.
    pub run_at: DateTime<Utc>,
    /// What the last failed attempt said.
    pub last_error: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it became a dead letter.
    pub dead_at: Option<DateTime<Utc>>,
}

/// Which dead letters: every bound that is given holds.
#[derive(Debug, Clone, Default)]
pub struct DeadFilter {
    /// Only this kind.
    pub kind: Option<String>,
    /// Dead at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Dead before this time.
    pub to: Option<DateTime<Utc>>,
}

/// How much there is to do. Counts stop at 100,000, so that a huge backlog costs no more than a large one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that wait, due or not.
    pub waiting: i64,
    /// Jobs that are leased by a worker.
    pub running: i64,
    /// Dead letters.
    pub dead: i64,
    /// When the job that has been due longest was due.
    pub oldest_due_at: Option<DateTime<Utc>>,
}
