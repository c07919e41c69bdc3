//! A job is stored with its cause, and once where it has a key.

use chrono::TimeDelta;
use kamhub_jobs::{JobState, NewJob, Priority, enqueue, enqueue_all, enqueue_each};
use kamhub_kernel::Clock;

use crate::bench::{Bench, Log, Note, logging, note};

#[tokio::test]
async fn a_job_lives_and_dies_with_the_transaction_that_stored_it() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(logging(&log, |_, _| Ok(())));

    let mut tx = bench.db.begin().await.unwrap();
    enqueue(&mut tx, bench.clock.as_ref(), note("rolled back")).await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = bench.db.begin().await.unwrap();
    enqueue(&mut tx, bench.clock.as_ref(), note("committed")).await.unwrap();
    assert_eq!(worker.drain().await.unwrap().succeeded, 0, "not visible before the commit");
    tx.commit().await.unwrap();

    assert_eq!(bench.queue().unfinished().await.unwrap().len(), 1);
    assert_eq!(worker.drain().await.unwrap().succeeded, 1);
    assert_eq!(*log.lock().unwrap(), ["committed"]);
    assert!(bench.queue().unfinished().await.unwrap().is_empty());
    assert_eq!(bench.count("jobs").await, 0, "a finished job leaves no row");
}

#[tokio::test]
async fn a_job_for_later_waits_for_its_time() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(logging(&log, |_, _| Ok(())));
    let later = bench.clock.now() + TimeDelta::seconds(60);
    bench.enqueue(NewJob::new(note("later")).run_at(later)).await;

    assert_eq!(worker.drain().await.unwrap().succeeded, 0);
    assert!(bench.queue().unfinished().await.unwrap().is_empty(), "it is not due yet");
    bench.clock.advance(60);
    assert_eq!(worker.drain().await.unwrap().succeeded, 1);
}

#[tokio::test]
async fn due_jobs_run_by_priority_and_then_by_age() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(logging(&log, |_, _| Ok(())));
    bench.enqueue(NewJob::new(note("low")).priority(Priority::Low)).await;
    bench.enqueue(note("first")).await;
    bench.enqueue(note("second")).await;
    let earlier = bench.clock.now() - TimeDelta::seconds(5);
    bench.enqueue(NewJob::new(note("older")).run_at(earlier)).await;
    bench.enqueue(NewJob::new(note("high")).priority(Priority::High)).await;

    worker.drain().await.unwrap();
    assert_eq!(*log.lock().unwrap(), ["high", "older", "first", "second", "low"]);
}

#[tokio::test]
async fn many_jobs_are_stored_in_one_statement() {
    let bench = Bench::new().await;
    let notes: Vec<Note> = (0..500).map(|i| note(&i.to_string())).collect();
    let mut tx = bench.db.begin().await.unwrap();
    enqueue_all(&mut tx, bench.clock.as_ref(), &notes).await.unwrap();
    enqueue_all::<Note>(&mut tx, bench.clock.as_ref(), &[]).await.unwrap();
    tx.commit().await.unwrap();

    let log = Log::default();
    let report = bench.worker(logging(&log, |_, _| Ok(()))).drain().await.unwrap();
    assert_eq!(report.succeeded, 500);
}

#[tokio::test]
async fn a_key_coalesces_waiting_jobs_into_the_earlier_time() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(logging(&log, |_, _| Ok(())));
    let now = bench.clock.now();
    let later = now + TimeDelta::seconds(30);
    let first = bench.enqueue(NewJob::new(note("a")).dedupe_key("k").run_at(later)).await;
    let same = bench.enqueue(NewJob::new(note("b")).dedupe_key("k").run_at(now)).await;
    let other = bench.enqueue(NewJob::new(note("c")).dedupe_key("other")).await;

    assert_eq!(first, same);
    assert_ne!(first, other);
    assert_eq!(bench.row(first).await.unwrap().1, now);
    assert_eq!(worker.drain().await.unwrap().succeeded, 2);
    let next = bench.enqueue(NewJob::new(note("d")).dedupe_key("k")).await;
    assert_ne!(first, next, "a finished job does not absorb new ones");
}

#[tokio::test]
async fn many_jobs_with_keys_are_stored_in_one_statement_and_fold_like_single_ones() {
    let bench = Bench::new().await;
    let now = bench.clock.now();
    let later = now + TimeDelta::seconds(30);
    let known = bench.enqueue(NewJob::new(note("a")).dedupe_key("k").run_at(later)).await;
    let jobs = vec![
        NewJob::new(note("b")).dedupe_key("k").run_at(now),
        NewJob::new(note("c")).dedupe_key("other"),
        NewJob::new(note("d")).dedupe_key("other"),
        NewJob::new(note("e")),
    ];
    let mut tx = bench.db.begin().await.unwrap();
    enqueue_each(&mut tx, bench.clock.as_ref(), jobs).await.unwrap();
    enqueue_each::<Note>(&mut tx, bench.clock.as_ref(), Vec::new()).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(bench.row(known).await.unwrap().1, now);
    let log = Log::default();
    assert_eq!(bench.worker(logging(&log, |_, _| Ok(()))).drain().await.unwrap().succeeded, 3);
    let mut ran = log.lock().unwrap().clone();
    ran.sort();
    assert_eq!(ran, ["a", "c", "e"]);
}

#[tokio::test]
async fn a_job_that_absorbed_an_uncommitted_one_does_not_run_before_the_commit() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(logging(&log, |_, _| Ok(())));
    bench.enqueue(NewJob::new(note("a")).dedupe_key("k")).await;

    let mut tx = bench.db.begin().await.unwrap();
    enqueue(&mut tx, bench.clock.as_ref(), NewJob::new(note("b")).dedupe_key("k")).await.unwrap();
    // It would not see what this transaction wrote, and there would be no second run.
    assert_eq!(worker.drain().await.unwrap().succeeded, 0);
    tx.commit().await.unwrap();
    assert_eq!(worker.drain().await.unwrap().succeeded, 1);
}

#[tokio::test]
async fn concurrent_transactions_with_one_key_store_one_job() {
    let bench = Bench::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (db, clock) = (bench.db.clone(), bench.clock.clone());
        tasks.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let job = NewJob::new(note("same")).dedupe_key("k");
            enqueue(&mut tx, clock.as_ref(), job).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(bench.count("jobs").await, 1);
}

#[tokio::test]
async fn a_failed_job_leaves_its_work_to_a_twin_that_waits() {
    let bench = Bench::new().await;
    let (db, clock) = (bench.db.clone(), bench.clock.clone());
    let mut registry = kamhub_jobs::Registry::new();
    registry
        .handle::<Note, _, _>(move |_, job| {
            let (db, clock) = (db.clone(), clock.clone());
            async move {
                if job.note == "first" {
                    // While this one runs its key is free: what it has read may be out of date.
                    let mut tx = db.begin().await?;
                    let twin = NewJob::new(note("twin")).dedupe_key("k");
                    enqueue(&mut tx, clock.as_ref(), twin).await?;
                    tx.commit().await?;
                    return Err(kamhub_jobs::JobError::retry("no"));
                }
                Ok(())
            }
        })
        .unwrap();
    let first = bench.enqueue(NewJob::new(note("first")).dedupe_key("k")).await;
    let report = bench.worker(registry).drain().await.unwrap();
    assert_eq!(report.succeeded, 1, "the twin");
    assert_eq!(bench.row(first).await, None);
    assert_eq!(bench.count("jobs").await, 0);
}

#[tokio::test]
async fn a_retrying_job_keeps_its_backoff_when_its_key_comes_again() {
    let bench = Bench::new().await;
    let log = Log::default();
    let fails = |_: &_, _: &_| Err(kamhub_jobs::JobError::retry("no"));
    let id = bench.enqueue(NewJob::new(note("a")).dedupe_key("k")).await;
    bench.worker(logging(&log, fails)).drain().await.unwrap();
    let (_, run_at, ..) = bench.row(id).await.unwrap();

    let same = bench.enqueue(NewJob::new(note("b")).dedupe_key("k")).await;
    assert_eq!(same, id);
    let (state, still, ..) = bench.row(id).await.unwrap();
    assert_eq!((state, still), (JobState::Waiting, run_at));
}
