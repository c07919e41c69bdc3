//! A database of its own for each test, a clock that the test moves, and jobs that record what they did.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_jobs::{
    Backoff, Context, Job, JobError, JobState, Queue, Registry, Worker, WorkerOptions,
};
use kamhub_kernel::{Clock, SystemClock};
use kamhub_postgres::{Db, DbConfig};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

const MIGRATION: &str = include_str!("../../../../migrations/04_job_queue.sql");

/// A clock that stands still until it is moved. Its random bytes differ from call to call and run to run the same.
pub struct StillClock {
    now: Mutex<DateTime<Utc>>,
    random: AtomicU64,
}

impl StillClock {
    pub fn advance(&self, seconds: i64) {
        *self.now.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let state = self.random.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            *byte = (state.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 48) as u8;
        }
    }
}

/// One test's database; dropped with it.
pub struct Bench {
    pub db: Db,
    pub clock: Arc<StillClock>,
    server: String,
    name: String,
}

impl Bench {
    pub async fn new() -> Self {
        let server = std::env::var("KAMHUB_TEST_DATABASE_URL").expect(
            "set KAMHUB_TEST_DATABASE_URL to a PostgreSQL server where tests may create databases",
        );
        let mut suffix = [0; 8];
        SystemClock.fill_random(&mut suffix);
        let name = format!("kamhub_jobs_{:016x}", u64::from_le_bytes(suffix));
        let mut admin = PgConnection::connect(&server).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut admin)
            .await
            .unwrap();
        let db = Db::connect_lazy(&DbConfig::new(with_database(&server, &name))).unwrap();
        sqlx::raw_sql(MIGRATION).execute(db.pool()).await.unwrap();
        sqlx::raw_sql("CREATE TABLE effects (job_id bigint, note text)")
            .execute(db.pool())
            .await
            .unwrap();
        let now = Mutex::new("2026-01-05T10:00:00Z".parse().unwrap());
        let clock = Arc::new(StillClock { now, random: AtomicU64::new(1) });
        Self { db, clock, server, name }
    }

    /// A queue on the clock that the test moves.
    pub fn queue(&self) -> Queue {
        Queue::new(self.db.clone(), self.clock.clone())
    }

    /// A queue on the machine's clock, for what happens between running workers.
    pub fn live_queue(&self) -> Queue {
        Queue::new(self.db.clone(), Arc::new(SystemClock))
    }

    pub fn worker(&self, registry: Registry) -> Worker {
        Worker::new(self.queue(), registry, WorkerOptions::default())
    }

    /// Stores a job by the clock that the test moves, and commits.
    pub async fn enqueue<J: Job>(&self, job: impl Into<kamhub_jobs::NewJob<J>>) -> i64 {
        let mut tx = self.db.begin().await.unwrap();
        let id = kamhub_jobs::enqueue(&mut tx, self.clock.as_ref(), job).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Stores a job by the machine's clock, and commits.
    pub async fn enqueue_live<J: Job>(&self, job: J) -> i64 {
        let mut tx = self.db.begin().await.unwrap();
        let id = kamhub_jobs::enqueue(&mut tx, &SystemClock, job).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Ends every connection to the test's database, as a restarted server does.
    pub async fn cut_connections(&self) {
        let mut admin = PgConnection::connect(&self.server).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&self.name)
            .execute(&mut admin)
            .await
            .unwrap();
        // What the test itself asks next must not be the one to find a dead connection.
        while let Some(dead) = self.db.pool().try_acquire() {
            drop(dead.detach());
        }
    }

    /// State, due time, attempt and last error of a job that is still there.
    pub async fn row(&self, id: i64) -> Option<(JobState, DateTime<Utc>, i32, Option<String>)> {
        sqlx::query_as("SELECT state, run_at, attempt, last_error FROM jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(self.db.pool())
            .await
            .unwrap()
    }

    pub async fn count(&self, table_and_condition: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table_and_condition}");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(self.db.pool()).await.unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let drop_database = async move {
            let sql = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
            if let Ok(mut admin) = PgConnection::connect(&server).await {
                let _ = sqlx::raw_sql(sql).execute(&mut admin).await;
            }
        };
        // Drop is not async, and the test's own runtime cannot be blocked on from inside.
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(drop_database);
            }
        });
        let _ = thread.join();
    }
}

fn with_database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let (base, _) = base.rsplit_once('/').unwrap();
    format!("{base}/{name}?{query}")
}

/// Waits for a condition, at most ten seconds.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < Duration::from_secs(10), "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A job that says what it is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Note {
    pub note: String,
}

impl Job for Note {
    const KIND: &'static str = "test.note";
    const MAX_ATTEMPTS: i32 = 3;
    const TIMEOUT: Duration = Duration::from_secs(5);
    const BACKOFF: Backoff =
        Backoff { first: Duration::from_secs(8), longest: Duration::from_secs(60) };
}

pub fn note(text: &str) -> Note {
    Note { note: text.to_owned() }
}

/// What handlers did, in order.
pub type Log = Arc<Mutex<Vec<String>>>;

/// A registry whose only handler logs the note, then does what `then` says.
pub fn logging(log: &Log, then: fn(&Context, &Note) -> Result<(), JobError>) -> Registry {
    let log = log.clone();
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |context, job| {
            log.lock().unwrap().push(job.note.clone());
            let result = then(&context, &job);
            async move { result }
        })
        .unwrap();
    registry
}
