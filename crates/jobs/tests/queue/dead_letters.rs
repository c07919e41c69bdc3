//! Dead letters: listed, replayed one by one or by range, discarded.

use kamhub_jobs::{Job, JobError, Registry, dead, dead::DeadFilter};
use kamhub_kernel::Clock;
use serde::{Deserialize, Serialize};

use crate::bench::{Bench, Log, Note, logging, note};

#[derive(Serialize, Deserialize)]
struct Other {}

impl Job for Other {
    const KIND: &'static str = "test.other";
}

/// Handlers that fail for good.
fn hopeless() -> Registry {
    let mut registry = logging(&Log::default(), |_, _| Err(JobError::permanent("hopeless")));
    registry.handle::<Other, _, _>(|_, _| async { Err(JobError::permanent("hopeless")) }).unwrap();
    registry
}

/// Three dead letters, a minute apart: a note, another kind, a note.
async fn with_dead_letters(bench: &Bench) -> [i64; 3] {
    let worker = bench.worker(hopeless());
    let first = bench.enqueue(note("first")).await;
    worker.drain().await.unwrap();
    bench.clock.advance(60);
    let second = bench.enqueue(Other {}).await;
    worker.drain().await.unwrap();
    bench.clock.advance(60);
    let third = bench.enqueue(note("third")).await;
    worker.drain().await.unwrap();
    bench.clock.advance(60);
    [first, second, third]
}

async fn listed(bench: &Bench, filter: &DeadFilter, before: Option<i64>, limit: u32) -> Vec<i64> {
    let mut conn = bench.db.connection().await.unwrap();
    let page = dead::list(&mut conn, filter, before, limit).await.unwrap();
    page.into_iter().map(|job| job.id).collect()
}

#[tokio::test]
async fn dead_letters_are_listed_newest_first_by_page_kind_and_time() {
    let bench = Bench::new().await;
    let began = bench.clock.now();
    let [first, second, third] = with_dead_letters(&bench).await;
    let all = DeadFilter::default();
    assert_eq!(listed(&bench, &all, None, 2).await, [third, second]);
    assert_eq!(listed(&bench, &all, Some(second), 2).await, [first]);
    let notes = DeadFilter { kind: Some(Note::KIND.to_owned()), ..all.clone() };
    assert_eq!(listed(&bench, &notes, None, 10).await, [third, first]);
    let to = Some(began + chrono::TimeDelta::seconds(60));
    let early = DeadFilter { from: Some(began), to, ..all };
    assert_eq!(listed(&bench, &early, None, 10).await, [first], "the end is not included");

    let mut conn = bench.db.connection().await.unwrap();
    let page = dead::list(&mut conn, &notes, None, 1).await.unwrap();
    assert_eq!(page[0].last_error.as_deref(), Some("hopeless"));
    assert_eq!(page[0].payload, serde_json::json!({"note": "third"}));
}

#[tokio::test]
async fn a_replayed_dead_letter_has_all_its_attempts_again_and_its_fence_goes_on() {
    let bench = Bench::new().await;
    let log = Log::default();
    let worker = bench.worker(logging(&log, |_, _| Err(JobError::retry("no"))));
    let id = bench.enqueue(note("a")).await;
    for lives in 1..=2 {
        for _ in 0..Note::MAX_ATTEMPTS {
            worker.drain().await.unwrap();
            bench.clock.advance(60);
        }
        let (_, _, attempt, _) = bench.row(id).await.unwrap();
        assert_eq!(attempt, Note::MAX_ATTEMPTS * lives);
        assert_eq!(bench.count("jobs WHERE state = 'dead'").await, 1);
        let mut tx = bench.db.begin().await.unwrap();
        assert!(dead::replay(&mut tx, bench.clock.as_ref(), id).await.unwrap());
        assert!(
            !dead::replay(&mut tx, bench.clock.as_ref(), id).await.unwrap(),
            "it waits already"
        );
        tx.commit().await.unwrap();
    }
    let healed = bench.worker(logging(&log, |_, _| Ok(())));
    assert_eq!(healed.drain().await.unwrap().succeeded, 1);
}

#[tokio::test]
async fn dead_letters_of_one_kind_and_time_are_replayed_together() {
    let bench = Bench::new().await;
    let [first, second, third] = with_dead_letters(&bench).await;
    let filter = DeadFilter { kind: Some(Note::KIND.to_owned()), ..DeadFilter::default() };
    let mut tx = bench.db.begin().await.unwrap();
    let replayed = dead::replay_range(&mut tx, bench.clock.as_ref(), &filter).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(replayed, [first, third]);

    let log = Log::default();
    bench.worker(logging(&log, |_, _| Ok(()))).drain().await.unwrap();
    assert_eq!(*log.lock().unwrap(), ["first", "third"]);
    assert_eq!(bench.row(first).await, None);
    assert_eq!(bench.row(third).await, None);
    assert_eq!(listed(&bench, &DeadFilter::default(), None, 10).await, [second]);
}

#[tokio::test]
async fn a_replay_runs_beside_a_waiting_job_with_the_same_key() {
    let bench = Bench::new().await;
    let keyed = |text| kamhub_jobs::NewJob::new(note(text)).dedupe_key("k");
    let id = bench.enqueue(keyed("dead")).await;
    bench.worker(hopeless()).drain().await.unwrap();
    bench.enqueue(keyed("waiting")).await;
    let mut tx = bench.db.begin().await.unwrap();
    assert!(dead::replay(&mut tx, bench.clock.as_ref(), id).await.unwrap());
    tx.commit().await.unwrap();
    let log = Log::default();
    assert_eq!(bench.worker(logging(&log, |_, _| Ok(()))).drain().await.unwrap().succeeded, 2);
}

#[tokio::test]
async fn a_discarded_dead_letter_is_gone() {
    let bench = Bench::new().await;
    let [first, ..] = with_dead_letters(&bench).await;
    let mut conn = bench.db.connection().await.unwrap();
    assert!(dead::discard(&mut conn, first).await.unwrap());
    assert!(!dead::discard(&mut conn, first).await.unwrap());
    assert_eq!(bench.row(first).await, None);
}
