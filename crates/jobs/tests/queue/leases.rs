//! Whoever holds the newest attempt may finish the job, and nobody else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use kamhub_jobs::{
    Context, Fate, Job, JobError, JobState, QueueError, Registry, Worker, WorkerOptions,
};
use kamhub_kernel::Clock as _;
use kamhub_postgres::Db;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, Log, Note, eventually, logging, note};

/// Writes an effect and ends the job in one transaction.
async fn record_and_finish(db: &Db, context: &Context, text: &str) -> Result<(), JobError> {
    let mut tx = db.begin().await?;
    sqlx::query("INSERT INTO effects VALUES ($1, $2)")
        .bind(context.lease().job_id())
        .bind(text)
        .execute(&mut *tx)
        .await?;
    context.lease().finish_in(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

#[tokio::test]
async fn effects_and_the_end_of_the_job_are_one_transaction() {
    let bench = Bench::new().await;
    let db = bench.db.clone();
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |context, job| {
            let db = db.clone();
            async move { record_and_finish(&db, &context, &job.note).await }
        })
        .unwrap();
    let id = bench.enqueue(note("a")).await;
    let report = bench.worker(registry).drain().await.unwrap();
    assert_eq!(report.succeeded, 1);
    assert_eq!(bench.row(id).await, None);
    assert_eq!(bench.count("effects").await, 1);
}

#[tokio::test]
async fn a_job_finished_in_a_transaction_that_is_rolled_back_runs_again() {
    let bench = Bench::new().await;
    let db = bench.db.clone();
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |context, _| {
            let db = db.clone();
            async move {
                let mut tx = db.begin().await?;
                context.lease().finish_in(&mut tx).await?;
                tx.rollback().await?;
                Ok(())
            }
        })
        .unwrap();
    let id = bench.enqueue(note("a")).await;
    let report = bench.worker(registry).drain().await.unwrap();
    assert_eq!((report.succeeded, report.retried), (0, 1));
    assert_eq!(bench.row(id).await.unwrap().0, JobState::Waiting);
}

#[tokio::test]
async fn a_job_committed_by_its_handler_is_done_even_where_the_handler_fails_afterwards() {
    let bench = Bench::new().await;
    let db = bench.db.clone();
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |context, _| {
            let db = db.clone();
            async move {
                record_and_finish(&db, &context, "done").await?;
                Err(JobError::retry("too late"))
            }
        })
        .unwrap();
    bench.enqueue(note("a")).await;
    let report = bench.worker(registry).drain().await.unwrap();
    assert_eq!((report.succeeded, report.retried), (1, 0));
    assert_eq!(bench.count("jobs").await, 0);
}

/// A worker whose first attempt stalls until the gate opens; later ones go straight through.
fn stalling(bench: &Bench, gate: &Arc<Notify>, stalled: &Arc<Notify>) -> Registry {
    let (db, gate, stalled) = (bench.db.clone(), gate.clone(), stalled.clone());
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |context, job| {
            let (db, gate, stalled) = (db.clone(), gate.clone(), stalled.clone());
            async move {
                if context.lease().attempt() == 1 {
                    stalled.notify_one();
                    gate.notified().await;
                    let extended = context.lease().extend(Duration::from_secs(30)).await;
                    assert!(matches!(extended, Err(QueueError::LeaseLost { attempt: 1, .. })));
                }
                match job.note.as_str() {
                    "in transaction" => record_and_finish(&db, &context, &job.note).await,
                    "fails" if context.lease().attempt() == 1 => Err(JobError::permanent("stale")),
                    _ => Ok(()),
                }
            }
        })
        .unwrap();
    registry
}

#[tokio::test]
async fn a_stale_lease_finishes_nothing() {
    for how in ["in transaction", "by return", "fails"] {
        let bench = Bench::new().await;
        let (gate, stalled) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let id = bench.enqueue(note(how)).await;
        let first = bench.worker(stalling(&bench, &gate, &stalled));
        let first = tokio::spawn(async move { first.drain().await.unwrap() });
        stalled.notified().await;

        let second = bench.worker(stalling(&bench, &gate, &stalled));
        bench.clock.advance(29);
        assert_eq!(second.drain().await.unwrap().succeeded, 0, "{how}: the lease holds");
        bench.clock.advance(2);
        // The stalled one wakes while the second holds the lease: its end must change nothing.
        sqlx::query("UPDATE jobs SET attempt = 2, locked_until = locked_until + interval '1 hour'")
            .execute(bench.db.pool())
            .await
            .unwrap();
        gate.notify_one();
        let report = first.await.unwrap();
        assert_eq!((report.succeeded, report.dead), (0, 0), "{how}");
        assert_eq!(bench.row(id).await.unwrap().0, JobState::Running, "{how}");
        assert_eq!(bench.count("effects").await, 0, "{how}");

        bench.clock.advance(3700);
        assert_eq!(second.drain().await.unwrap().succeeded, 1, "{how}");
        assert_eq!(bench.count("jobs").await, 0, "{how}");
    }
}

#[tokio::test]
async fn a_job_whose_last_attempt_dies_with_its_process_is_buried() {
    let bench = Bench::new().await;
    let (gate, stalled) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let id = bench.enqueue(note("a")).await;
    sqlx::query("UPDATE jobs SET max_attempts = 1").execute(bench.db.pool()).await.unwrap();
    let worker = bench.worker(stalling(&bench, &gate, &stalled));
    let running = tokio::spawn(async move { worker.drain().await });
    stalled.notified().await;
    running.abort();

    let log = Log::default();
    bench.clock.advance(31);
    let report = bench.worker(logging(&log, |_, _| Ok(()))).drain().await.unwrap();
    assert_eq!(report.dead, 1);
    let (state, _, attempt, error) = bench.row(id).await.unwrap();
    assert_eq!((state, attempt), (JobState::Dead, 1));
    assert!(error.unwrap().ends_with("ran out"));
    assert!(log.lock().unwrap().is_empty(), "it did not run again");
}

fn fast() -> WorkerOptions {
    let (lease, poll) = (Duration::from_secs(2), Duration::from_millis(50));
    WorkerOptions { lease, poll, ..WorkerOptions::default() }
}

#[tokio::test]
async fn a_job_of_a_worker_that_died_is_finished_by_another_within_the_lease() {
    let bench = Bench::new().await;
    let started = Arc::new(AtomicUsize::new(0));
    let seen = started.clone();
    let mut hanging = Registry::new();
    hanging
        .handle::<Note, _, _>(move |_, _| {
            seen.fetch_add(1, Ordering::SeqCst);
            std::future::pending()
        })
        .unwrap();
    let id = bench.enqueue_live(note("a")).await;
    let dying = Worker::new(bench.live_queue(), hanging, fast());
    let dying = tokio::spawn(async move { dying.run(CancellationToken::new()).await });
    eventually("the first worker starts", async || started.load(Ordering::SeqCst) == 1).await;
    dying.abort();
    let died = Instant::now();

    let log = Log::default();
    let heir = Worker::new(bench.live_queue(), logging(&log, |_, _| Ok(())), fast());
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let heir = tokio::spawn(async move { heir.run(stop).await });
    eventually("the second worker finishes it", async || bench.row(id).await.is_none()).await;
    assert!(died.elapsed() < Duration::from_secs(7), "{:?}", died.elapsed());
    assert_eq!(log.lock().unwrap().len(), 1);
    shutdown.cancel();
    heir.await.unwrap();
}

#[tokio::test]
async fn a_job_that_runs_for_longer_than_its_lease_keeps_it() {
    let bench = Bench::new().await;
    let log = Log::default();
    let shutdown = CancellationToken::new();
    let mut workers = Vec::new();
    let id = bench.enqueue_live(note("long")).await;
    for _ in 0..2 {
        let log = log.clone();
        let mut registry = Registry::new();
        registry
            .handle::<Note, _, _>(move |_, job| {
                log.lock().unwrap().push(job.note);
                async {
                    tokio::time::sleep(Duration::from_millis(4500)).await;
                    Ok(())
                }
            })
            .unwrap();
        let worker = Worker::new(bench.live_queue(), registry, fast());
        let stop = shutdown.clone();
        workers.push(tokio::spawn(async move { worker.run(stop).await }));
    }
    eventually("the job is done", async || bench.row(id).await.is_none()).await;
    shutdown.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(*log.lock().unwrap(), ["long"]);
}

#[tokio::test]
async fn a_failure_settled_by_the_handler_is_one_transaction_with_what_it_writes() {
    let bench = Bench::new().await;
    let db = bench.db.clone();
    let mut registry = Registry::new();
    registry
        .handle::<Note, _, _>(move |context, job| {
            let db = db.clone();
            async move {
                let mut tx = db.begin().await?;
                let failure = match job.note.as_str() {
                    "hopeless" => JobError::permanent("hopeless"),
                    _ => JobError::retry("not yet"),
                };
                let fate = context.lease().fail_in(&mut tx, failure).await?;
                sqlx::query("INSERT INTO effects VALUES ($1, $2)")
                    .bind(context.lease().job_id())
                    .bind(format!("{:?}", fate == Fate::Dead))
                    .execute(&mut *tx)
                    .await?;
                tx.commit().await?;
                Ok(())
            }
        })
        .unwrap();
    let waits = bench.enqueue(note("again")).await;
    let dies = bench.enqueue(note("hopeless")).await;
    let report = bench.worker(registry).drain().await.unwrap();
    assert_eq!((report.succeeded, report.retried, report.dead), (0, 1, 1));
    assert_eq!(report.errors, ["test.note: not yet", "test.note: hopeless"]);
    assert_eq!(bench.row(waits).await.unwrap().0, JobState::Waiting);
    assert_eq!(bench.row(dies).await.unwrap().0, JobState::Dead);
    assert_eq!(bench.count("effects WHERE note = 'true'").await, 1);
}

#[tokio::test]
async fn a_job_that_was_put_off_has_lost_no_attempt() {
    let bench = Bench::new().await;
    let db = bench.db.clone();
    let mut registry = Registry::new();
    let clock = bench.clock.clone();
    registry
        .handle::<Note, _, _>(move |context, _| {
            let (db, until) = (db.clone(), clock.now() + chrono::TimeDelta::seconds(30));
            async move {
                let mut tx = db.begin().await?;
                context.lease().postpone_in(&mut tx, until).await?;
                tx.commit().await?;
                Ok(())
            }
        })
        .unwrap();
    let worker = bench.worker(registry);
    let id = bench.enqueue(note("a")).await;
    for _ in 0..=Note::MAX_ATTEMPTS {
        let report = worker.drain().await.unwrap();
        assert_eq!(report.dead, 0);
        bench.clock.advance(30);
    }
    assert_eq!(bench.row(id).await.unwrap().0, JobState::Waiting);
}
