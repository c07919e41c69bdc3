//! A periodic job runs once per period, whatever the number of workers.

use std::time::Duration;

use kamhub_jobs::{JobError, Registry, Worker, WorkerOptions};

use crate::bench::{Bench, Log, logging, note};

fn every(log: &Log, seconds: u64) -> Registry {
    let mut registry = logging(log, |_, _| Ok(()));
    registry.schedule("tick", Duration::from_secs(seconds), note("tick")).unwrap();
    registry
}

fn ticks(log: &Log) -> usize {
    log.lock().unwrap().len()
}

#[tokio::test]
async fn a_schedule_fires_once_per_period_over_four_workers() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = |_| Worker::new(bench.queue(), every(&log, 60), WorkerOptions::default());
    let workers: [Worker; 4] = std::array::from_fn(worker);
    for period in 1..=5 {
        let [a, b, c, d] = &workers;
        let all = tokio::join!(a.drain(), b.drain(), c.drain(), d.drain());
        let done = [all.0, all.1, all.2, all.3].map(|report| report.unwrap().succeeded);
        assert_eq!(done.iter().sum::<usize>(), 1, "period {period}: {done:?}");
        bench.clock.advance(59);
        assert_eq!(a.drain().await.unwrap().succeeded, 0, "the period is not over");
        bench.clock.advance(1);
    }
    assert_eq!(ticks(&log), 5);
}

#[tokio::test]
async fn missed_periods_are_one_run_and_the_grid_stays() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(every(&log, 60));
    worker.drain().await.unwrap();
    bench.clock.advance(3 * 3600 + 30);
    worker.drain().await.unwrap();
    assert_eq!(ticks(&log), 2);
    bench.clock.advance(30);
    worker.drain().await.unwrap();
    assert_eq!(ticks(&log), 3, "the next run is on the full minute again");
}

#[tokio::test]
async fn a_run_that_still_waits_stands_for_the_next_one_too() {
    let bench = Bench::new().await;
    let log = Log::default();
    let mut failing =
        logging(&log, |_, _| Err(JobError::retry_after("no", Duration::from_secs(600))));
    failing.schedule("tick", Duration::from_secs(60), note("tick")).unwrap();
    let worker = bench.worker(failing);
    for _ in 0..5 {
        worker.drain().await.unwrap();
        bench.clock.advance(60);
    }
    assert_eq!(bench.count("jobs").await, 1);
    assert_eq!(ticks(&log), 1);
}

#[tokio::test]
async fn a_shorter_period_in_the_code_takes_effect_at_the_next_start() {
    let bench = Bench::new().await;
    let log = Log::default();
    bench.worker(every(&log, 86_400)).drain().await.unwrap();
    let restarted = bench.worker(every(&log, 60));
    restarted.drain().await.unwrap();
    assert_eq!(ticks(&log), 1);
    bench.clock.advance(60);
    restarted.drain().await.unwrap();
    assert_eq!(ticks(&log), 2);
}

#[tokio::test]
async fn a_schedule_has_one_name() {
    let log = Log::default();
    let mut registry = every(&log, 60);
    let twice = registry.schedule("tick", Duration::from_secs(5), note("other"));
    assert_eq!(twice.unwrap_err().to_string(), "tick is registered twice");
}
