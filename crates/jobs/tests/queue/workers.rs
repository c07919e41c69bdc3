//! Running workers: side by side, woken or not, and stopping.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kamhub_jobs::{JobState, Queue, Registry, Worker, WorkerOptions, enqueue_all};
use kamhub_kernel::SystemClock;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, Log, Note, eventually, logging, note};

struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(queue: Queue, registry: Registry, options: WorkerOptions) -> Self {
        let worker = Worker::new(queue, registry, options);
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        Self { shutdown, task: tokio::spawn(async move { worker.run(stop).await }) }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

fn polling(poll: Duration) -> WorkerOptions {
    WorkerOptions { poll, ..WorkerOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_never_run_one_job_twice() {
    let bench = Bench::new().await;
    let runs: Arc<Mutex<HashMap<i64, usize>>> = Arc::default();
    let notes: Vec<Note> = (0..400).map(|i| note(&i.to_string())).collect();
    let mut tx = bench.db.begin().await.unwrap();
    enqueue_all(&mut tx, &SystemClock, &notes).await.unwrap();
    tx.commit().await.unwrap();

    let start = |_| {
        let runs = runs.clone();
        let mut registry = Registry::new();
        registry
            .handle::<Note, _, _>(move |context, _| {
                *runs.lock().unwrap().entry(context.lease().job_id()).or_default() += 1;
                async {
                    tokio::task::yield_now().await;
                    Ok(())
                }
            })
            .unwrap();
        Running::start(bench.live_queue(), registry, polling(Duration::from_millis(20)))
    };
    let workers: Vec<_> = (0..4).map(start).collect();
    eventually("the queue is empty", async || bench.count("jobs").await == 0).await;
    for worker in workers {
        worker.stop().await;
    }
    let runs = runs.lock().unwrap();
    assert_eq!(runs.len(), 400);
    assert!(runs.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_signal_runs_a_job_long_before_the_next_poll() {
    let bench = Bench::new().await;
    let log = Log::default();
    let queue = bench.live_queue();
    let registry = logging(&log, |_, _| Ok(()));
    let worker = Running::start(queue.clone(), registry, polling(Duration::from_secs(3600)));
    // Some of them the worker may find by chance, in the look that follows the job before; not all twenty.
    for i in 0..20 {
        let id = bench.enqueue_live(note(&i.to_string())).await;
        queue.wake();
        eventually("the job is done", async || bench.row(id).await.is_none()).await;
    }
    worker.stop().await;
}

#[tokio::test]
async fn a_job_runs_without_any_signal() {
    let bench = Bench::new().await;
    let log = Log::default();
    let registry = logging(&log, |_, _| Ok(()));
    let worker = Running::start(bench.live_queue(), registry, polling(Duration::from_millis(50)));
    for text in ["a", "b"] {
        let id = bench.enqueue_live(note(text)).await;
        eventually("the job is done", async || bench.row(id).await.is_none()).await;
    }
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_runs_as_many_jobs_at_once_as_it_may() {
    let bench = Bench::new().await;
    let log = Log::default();
    let gate = Arc::new(Notify::new());
    let options = WorkerOptions { concurrency: 2, ..polling(Duration::from_millis(20)) };
    let worker = Running::start(bench.live_queue(), gated(&log, &gate), options);
    for text in ["a", "b", "c"] {
        bench.enqueue_live(note(text)).await;
    }
    eventually("two run", async || log.lock().unwrap().len() == 2).await;
    assert_eq!(bench.count("jobs WHERE state = 'waiting'").await, 1);
    gate.notify_one();
    eventually("the third runs", async || log.lock().unwrap().len() == 3).await;
    gate.notify_waiters();
    worker.stop().await;
    assert_eq!(bench.count("jobs").await, 0);
}

/// A handler that logs, and then waits for the gate.
fn gated(log: &Log, gate: &Arc<Notify>) -> Registry {
    let (log, gate) = (log.clone(), gate.clone());
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |_, job| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                let opened = gate.notified();
                log.lock().unwrap().push(job.note);
                opened.await;
                Ok(())
            }
        })
        .unwrap();
    registry
}

#[tokio::test]
async fn a_stopping_worker_waits_for_its_jobs_and_takes_no_more() {
    let bench = Bench::new().await;
    let log = Log::default();
    let gate = Arc::new(Notify::new());
    let options = polling(Duration::from_millis(20));
    let worker = Running::start(bench.live_queue(), gated(&log, &gate), options);
    let first = bench.enqueue_live(note("first")).await;
    eventually("the job runs", async || !log.lock().unwrap().is_empty()).await;

    worker.shutdown.cancel();
    let second = bench.enqueue_live(note("second")).await;
    assert_eq!(bench.row(first).await.unwrap().0, JobState::Running);
    assert!(!worker.task.is_finished());
    gate.notify_waiters();
    worker.stop().await;
    assert_eq!(bench.row(first).await, None);
    assert_eq!(bench.row(second).await.unwrap().0, JobState::Waiting);
}

#[tokio::test]
async fn a_job_that_outlasts_the_grace_is_given_back_at_once_and_the_attempt_forgiven() {
    let bench = Bench::new().await;
    let log = Log::default();
    let gate = Arc::new(Notify::new());
    let grace = Duration::from_millis(50);
    let options = WorkerOptions { grace, ..polling(Duration::from_millis(20)) };
    let worker = Running::start(bench.live_queue(), gated(&log, &gate), options);
    let id = bench.enqueue_live(note("endless")).await;
    eventually("the job runs", async || !log.lock().unwrap().is_empty()).await;

    let began = Instant::now();
    worker.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(bench.row(id).await.unwrap().0, JobState::Waiting);
    assert_eq!(bench.count("jobs WHERE attempt = 1 AND attempts_forgiven = 1").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_handler_that_cannot_be_stopped_keeps_its_lease_when_the_worker_ends() {
    let bench = Bench::new().await;
    let log = Log::default();
    let (open, opened) = std::sync::mpsc::channel::<()>();
    let opened = Arc::new(Mutex::new(opened));
    let seen = log.clone();
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |_, job| {
            let (seen, opened) = (seen.clone(), opened.clone());
            async move {
                seen.lock().unwrap().push(job.note);
                // Blocks its thread, as a handler should not: nothing can stop it from outside.
                let _ = opened.lock().unwrap().recv();
                Ok(())
            }
        })
        .unwrap();
    let grace = Duration::from_millis(50);
    let options = WorkerOptions { grace, ..polling(Duration::from_millis(20)) };
    let worker = Running::start(bench.live_queue(), registry, options);
    let id = bench.enqueue_live(note("blocking")).await;
    eventually("the job runs", async || !log.lock().unwrap().is_empty()).await;
    worker.stop().await;
    assert_eq!(bench.row(id).await.unwrap().0, JobState::Running, "it may still have effects");
    open.send(()).unwrap();
}

#[tokio::test]
async fn a_worker_outlives_its_connections() {
    let bench = Bench::new().await;
    let log = Log::default();
    let gate = Arc::new(Notify::new());
    let options = polling(Duration::from_millis(20));
    let worker = Running::start(bench.live_queue(), gated(&log, &gate), options);
    let first = bench.enqueue_live(note("first")).await;
    eventually("the job runs", async || log.lock().unwrap().len() == 1).await;

    bench.cut_connections().await;
    gate.notify_waiters();
    eventually("its end is recorded all the same", async || bench.row(first).await.is_none()).await;
    bench.cut_connections().await;
    bench.enqueue_live(note("second")).await;
    eventually("the next one runs", async || log.lock().unwrap().len() == 2).await;
    gate.notify_waiters();
    worker.stop().await;
    assert_eq!(bench.count("jobs").await, 0);
}
