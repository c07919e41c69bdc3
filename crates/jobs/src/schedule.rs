//! Periodic jobs: one row each says when it runs next, and whoever moves that time stores the job with it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_postgres::DbResult;
use serde_json::Value;
use sqlx::Connection;

use crate::{
    model::{Job, NewJob},
    queue::{Queue, payload},
    registry::Registry,
    repo,
};

/// A year in seconds: the longest period.
const LONGEST_PERIOD: u64 = 31_536_000;

/// A periodic job as the code declares it.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub name: &'static str,
    every_seconds: i64,
    kind: &'static str,
    payload: Value,
    priority: i16,
    max_attempts: i32,
    dedupe_key: String,
}

impl Schedule {
    pub(crate) fn new<J: Job>(
        name: &'static str,
        every: Duration,
        new: NewJob<J>,
    ) -> DbResult<Self> {
        let seconds = every.as_secs().clamp(1, LONGEST_PERIOD);
        Ok(Self {
            name,
            every_seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
            kind: J::KIND,
            payload: payload(&new.job)?,
            priority: new.priority.as_i16(),
            max_attempts: J::MAX_ATTEMPTS,
            dedupe_key: new.dedupe_key.unwrap_or_else(|| format!("schedule:{name}")),
        })
    }
}

/// Makes the table agree with the code.
pub(crate) async fn register(queue: &Queue, registry: &Registry) -> DbResult<()> {
    let mut conn = queue.connection().await?;
    let now = queue.now();
    for schedule in registry.schedules() {
        let next = now + TimeDelta::seconds(schedule.every_seconds);
        repo::upsert_schedule(&mut conn, schedule.name, schedule.every_seconds, now, next).await?;
    }
    Ok(())
}

/// Stores the job of every schedule that is due, and moves its time past now, in one transaction; answers how many
/// were stored.
pub(crate) async fn fire_due(queue: &Queue, registry: &Registry) -> DbResult<usize> {
    let names: Vec<_> = registry.schedules().iter().map(|s| s.name.to_owned()).collect();
    if names.is_empty() {
        return Ok(0);
    }
    let now = queue.now();
    let mut conn = queue.connection().await?;
    let mut transaction = conn.begin().await?;
    let due = repo::lock_due_schedules(&mut transaction, &names, now).await?;
    let mut fired = 0;
    for schedule in registry.schedules() {
        let Some((name, every, at)) = due.iter().find(|(name, ..)| name == schedule.name) else {
            continue;
        };
        let insert = repo::Insert {
            kind: schedule.kind,
            dedupe_key: Some(&schedule.dedupe_key),
            priority: schedule.priority,
            run_at: now,
            max_attempts: schedule.max_attempts,
            now,
        };
        repo::insert(&mut transaction, &insert, &schedule.payload).await?;
        repo::advance_schedule(&mut transaction, name, now, next_after(*at, *every, now)).await?;
        fired += 1;
    }
    transaction.commit().await?;
    Ok(fired)
}

/// The first time after `now` on the grid of `every` seconds through `at`.
fn next_after(at: DateTime<Utc>, every: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    let passed = (now - at).num_seconds().max(0) / every;
    at + TimeDelta::seconds((passed + 1).saturating_mul(every))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn the_next_run_stays_on_the_grid_and_is_always_later_than_now() {
        assert_eq!(next_after(at(100), 10, at(100)), at(110));
        assert_eq!(next_after(at(100), 10, at(109)), at(110));
        assert_eq!(next_after(at(100), 10, at(110)), at(120));
        assert_eq!(next_after(at(100), 10, at(987)), at(990));
        assert_eq!(next_after(at(100), 10, at(40)), at(110));
    }
}
