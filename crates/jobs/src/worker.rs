//! The worker: claims due jobs, keeps their leases, fires schedules, and stops with grace.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use kamhub_postgres::{DbError, DbResult};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    execute::{Stop, execute},
    metric,
    queue::Queue,
    registry::Registry,
    repo::{self, Claimed},
    schedule,
};

/// How often the gauges are sampled.
const SAMPLE_EVERY: Duration = Duration::from_secs(15);

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Who holds a lease, for operators: a host or pod name. A random suffix makes it unique.
    pub name: String,
    /// How many jobs run at once (at least 1).
    pub concurrency: usize,
    /// How long a claim lasts without a sign of life; jobs of a dead worker run again after it. It is extended every
    /// third of it while the handler runs.
    pub lease: Duration,
    /// The longest wait between two looks for due jobs and schedules. Signals make it shorter, and may all be lost.
    pub poll: Duration,
    /// How long a stopping worker waits for jobs in flight before it stops them and gives them back.
    pub grace: Duration,
}

impl Default for WorkerOptions {
    /// 8 jobs at once, a lease of 30 s, a poll each second, a grace of 20 s.
    fn default() -> Self {
        Self {
            name: "worker".to_owned(),
            concurrency: 8,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(20),
        }
    }
}

/// Runs jobs. Any number of workers, in any number of processes, may run on one database.
#[derive(Debug)]
pub struct Worker {
    pub(crate) queue: Queue,
    pub(crate) registry: Arc<Registry>,
    pub(crate) options: WorkerOptions,
    held: Arc<Held>,
}

/// The attempts in flight, by job and attempt.
#[derive(Debug, Default)]
struct Held(Mutex<HashSet<(i64, i32)>>);

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashSet<(i64, i32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    /// A worker for the kinds of this registry.
    pub fn new(queue: Queue, registry: impl Into<Arc<Registry>>, options: WorkerOptions) -> Self {
        let mut suffix = [0; 4];
        queue.clock().fill_random(&mut suffix);
        let name = format!("{:.180}-{:08x}", options.name, u32::from_le_bytes(suffix));
        let concurrency = options.concurrency.max(1);
        let options = WorkerOptions { name, concurrency, ..options };
        Self { queue, registry: registry.into(), options, held: Arc::default() }
    }

    /// Works until `shutdown`, then waits for the jobs in flight (see [`WorkerOptions::grace`]). Faults of the
    /// database are logged and waited out. Dropping the future stops the handlers at once; their leases run out.
    pub async fn run(&self, shutdown: CancellationToken) {
        tracing::info!(
            worker = self.options.name,
            concurrency = self.options.concurrency,
            "worker started"
        );
        tokio::select! {
            () = self.work(&shutdown) => {}
            () = self.keep_leases() => {}
            () = self.fire_schedules(&shutdown) => {}
            () = self.sample() => {}
        }
        tracing::info!(worker = self.options.name, "worker stopped");
    }

    async fn work(&self, shutdown: &CancellationToken) {
        let stop = Stop { requested: shutdown.clone(), forced: CancellationToken::new() };
        let mut jobs = JoinSet::new();
        while !shutdown.is_cancelled() {
            let free = self.options.concurrency.saturating_sub(jobs.len());
            for claimed in self.claim_or_log(free).await {
                self.start(claimed, &stop, &mut jobs);
            }
            // With every slot taken only the end of a job makes room; a signal stays for when there is.
            let full = jobs.len() >= self.options.concurrency;
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(_) = jobs.join_next() => while jobs.try_join_next().is_some() {},
                () = self.queue.woken(), if !full => {}
                () = tokio::time::sleep(self.options.poll), if !full => {}
            }
        }
        self.finish(jobs, &stop).await;
    }

    /// Waits for the jobs in flight, and stops those that outlast the grace.
    async fn finish(&self, mut jobs: JoinSet<()>, stop: &Stop) {
        let all = async |jobs: &mut JoinSet<()>| while jobs.join_next().await.is_some() {};
        if tokio::time::timeout(self.options.grace, all(&mut jobs)).await.is_err() {
            tracing::warn!(jobs = jobs.len(), "the grace is over: jobs are stopped and given back");
            stop.forced.cancel();
            all(&mut jobs).await;
        }
    }

    fn start(&self, claimed: Claimed, stop: &Stop, jobs: &mut JoinSet<()>) {
        let key = (claimed.id, claimed.attempt);
        if !claimed.buried {
            self.held.lock().insert(key);
        }
        let (queue, registry) = (self.queue.clone(), Arc::clone(&self.registry));
        let (held, stop, lease) = (Arc::clone(&self.held), stop.clone(), self.options.lease);
        jobs.spawn(async move {
            execute(&queue, &registry, claimed, &stop, lease).await;
            held.lock().remove(&key);
        });
    }

    async fn claim_or_log(&self, limit: usize) -> Vec<Claimed> {
        if limit == 0 {
            return Vec::new();
        }
        self.claim(limit).await.unwrap_or_else(|error| {
            log_fault("claim", &error);
            Vec::new()
        })
    }

    pub(crate) async fn claim(&self, limit: usize) -> DbResult<Vec<Claimed>> {
        let mut conn = self.queue.connection().await?;
        let now = self.queue.now();
        let until = now + self.lease();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let kinds = self.registry.kinds();
        repo::claim(&mut conn, &kinds, &self.options.name, now, until, limit).await
    }

    fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.options.lease).unwrap_or(TimeDelta::MAX)
    }

    /// Extends the leases of all jobs in flight, in one statement each third of a lease.
    async fn keep_leases(&self) {
        loop {
            tokio::time::sleep(self.options.lease / 3).await;
            let (ids, attempts): (Vec<_>, Vec<_>) = self.held.lock().iter().copied().unzip();
            if ids.is_empty() {
                continue;
            }
            if let Err(error) = self.extend(&ids, &attempts).await {
                log_fault("extend leases", &error);
            }
        }
    }

    async fn extend(&self, ids: &[i64], attempts: &[i32]) -> DbResult<()> {
        let mut conn = self.queue.connection().await?;
        let until = self.queue.now() + self.lease();
        repo::extend_all(&mut conn, ids, attempts, until).await?;
        Ok(())
    }

    async fn fire_schedules(&self, shutdown: &CancellationToken) {
        let mut registered = false;
        loop {
            if !shutdown.is_cancelled() {
                match self.fire_due(&mut registered).await {
                    Ok(0) => {}
                    Ok(_) => self.queue.wake(),
                    Err(error) => log_fault("fire schedules", &error),
                }
            }
            tokio::time::sleep(self.options.poll).await;
        }
    }

    async fn fire_due(&self, registered: &mut bool) -> DbResult<usize> {
        if !*registered {
            schedule::register(&self.queue, &self.registry).await?;
            *registered = true;
        }
        schedule::fire_due(&self.queue, &self.registry).await
    }

    async fn sample(&self) {
        loop {
            if let Err(error) = self.sample_once().await {
                log_fault("sample", &error);
            }
            tokio::time::sleep(SAMPLE_EVERY).await;
        }
    }

    async fn sample_once(&self) -> DbResult<()> {
        let mut conn = self.queue.connection().await?;
        let now = self.queue.now();
        metric::sample(&repo::sample(&mut conn, now).await?, now);
        Ok(())
    }
}

fn log_fault(what: &str, error: &DbError) {
    tracing::warn!(what, ?error, "the job queue's database failed; trying again");
}
