//! What becomes of a job that fails.

use std::time::Duration;

use chrono::TimeDelta;
use kamhub_jobs::{Job, JobError, JobState, Registry};
use kamhub_kernel::Clock;
use serde::{Deserialize, Serialize};

use crate::bench::{Bench, Log, Note, logging, note};

#[tokio::test]
async fn a_failed_job_waits_within_its_backoff_and_dies_after_its_last_attempt() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(logging(&log, |_, _| Err(JobError::retry("no luck"))));
    let id = bench.enqueue(note("a")).await;

    for attempt in 1..Note::MAX_ATTEMPTS {
        let report = worker.drain().await.unwrap();
        assert_eq!((report.retried, report.dead), (1, 0));
        assert_eq!(report.errors, ["test.note: no luck"]);
        let (state, run_at, tried, error) = bench.row(id).await.unwrap();
        assert_eq!((state, tried, error.as_deref()), (JobState::Waiting, attempt, Some("no luck")));
        let ceiling = TimeDelta::seconds(8 << (attempt - 1));
        let delay = run_at - bench.clock.now();
        assert!(delay > TimeDelta::zero() && delay <= ceiling, "{delay} of {ceiling}");
        bench.clock.advance(60);
    }
    let report = worker.drain().await.unwrap();
    assert_eq!((report.retried, report.dead), (0, 1));
    assert_eq!(bench.row(id).await.unwrap().0, JobState::Dead);
    bench.clock.advance(86_400);
    assert_eq!(worker.drain().await.unwrap().dead, 0, "a dead letter does not run by itself");
    assert_eq!(log.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn retries_of_jobs_that_failed_together_are_spread() {
    let bench = Bench::new().await;
    let log = Log::default();
    for _ in 0..40 {
        bench.enqueue(note("a")).await;
    }
    bench.worker(logging(&log, |_, _| Err(JobError::retry("no")))).drain().await.unwrap();
    let tenths = bench
        .count("(SELECT DISTINCT floor(extract(epoch FROM run_at) * 10) FROM jobs) AS tenths")
        .await;
    assert!(tenths > 20, "40 retries fall into {tenths} different tenths of a second");
}

#[tokio::test]
async fn a_wait_that_the_receiver_asked_for_is_kept() {
    let bench = Bench::new().await;
    let log = Log::default();
    let busy = |_: &_, _: &_| Err(JobError::retry_after("busy", Duration::from_secs(600)));
    let id = bench.enqueue(note("a")).await;
    bench.worker(logging(&log, busy)).drain().await.unwrap();
    let delay = bench.row(id).await.unwrap().1 - bench.clock.now();
    assert!(delay >= TimeDelta::seconds(600) && delay <= TimeDelta::seconds(608), "{delay}");
}

#[tokio::test]
async fn a_permanent_error_makes_a_dead_letter_at_once() {
    let bench = Bench::new().await;
    let log = Log::default();
    let gone = |_: &_, _: &_| Err(JobError::permanent("no such address\0"));
    let id = bench.enqueue(note("a")).await;
    let report = bench.worker(logging(&log, gone)).drain().await.unwrap();
    assert_eq!((report.retried, report.dead), (0, 1));
    let (state, _, attempt, error) = bench.row(id).await.unwrap();
    assert_eq!((state, attempt), (JobState::Dead, 1));
    assert_eq!(error.as_deref(), Some("no such address"));
    assert_eq!(bench.queue().unfinished().await.unwrap()[0].id, id);
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_failure_like_any_other() {
    let bench = Bench::new().await;
    let log = Log::default();
    let id = bench.enqueue(note("a")).await;
    let report = bench.worker(logging(&log, |_, _| panic!("at the disco"))).drain().await.unwrap();
    assert_eq!(report.errors, ["test.note: the handler panicked: at the disco"]);
    assert_eq!(bench.row(id).await.unwrap().0, JobState::Waiting);
}

#[derive(Serialize, Deserialize)]
struct Hang {}

impl Job for Hang {
    const KIND: &'static str = "test.hang";
    const TIMEOUT: Duration = Duration::from_millis(50);
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_stopped_and_tried_again() {
    let bench = Bench::new().await;
    let mut registry = Registry::new();
    registry.handle::<Hang, _, _>(|_, _| std::future::pending()).unwrap();
    bench.enqueue(Hang {}).await;
    let report = bench.worker(registry).drain().await.unwrap();
    assert_eq!(report.errors, ["test.hang: timed out after 0.05 s"]);
    assert_eq!(report.retried, 1);
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_a_dead_letter() {
    let bench = Bench::new().await;
    let log = Log::default();
    let id = bench.enqueue(note("a")).await;
    sqlx::query("UPDATE jobs SET payload = '{\"nota\": 1}'")
        .execute(bench.db.pool())
        .await
        .unwrap();
    let report = bench.worker(logging(&log, |_, _| Ok(()))).drain().await.unwrap();
    assert_eq!(report.dead, 1);
    let (_, _, _, error) = bench.row(id).await.unwrap();
    assert!(error.unwrap().contains("missing field `note`"));
}

#[tokio::test]
async fn a_worker_leaves_kinds_alone_that_it_does_not_know() {
    let bench = Bench::new().await;
    let log = Log::default();
    let id = bench.enqueue(Hang {}).await;
    bench.worker(logging(&log, |_, _| Ok(()))).drain().await.unwrap();
    assert_eq!(bench.row(id).await.unwrap().0, JobState::Waiting);
    assert_eq!(bench.queue().unfinished().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_kind_has_one_handler() {
    let log = Log::default();
    let mut registry = logging(&log, |_, _| Ok(()));
    let twice = registry.handle::<Note, _, _>(|_, _| async { Ok(()) });
    assert_eq!(twice.unwrap_err().to_string(), "test.note is registered twice");
}
