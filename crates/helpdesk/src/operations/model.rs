//! What health is made of, and when a process is ready; no I/O.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

/// Since when this process lives, and whether it is about to end.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    started: Instant,
    stopping: Arc<AtomicBool>,
}

impl Default for Lifecycle {
    /// A process that starts now.
    fn default() -> Self {
        Self { started: Instant::now(), stopping: Arc::default() }
    }
}

impl Lifecycle {
    /// Says that the process is about to end: from now on it is not ready.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether it is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// How long it has lived.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

kamhub_kernel::wire_enum! {
    /// How the product, or something that it depends on, is doing.
    pub enum State {
        /// All is well.
        Ok = "ok",
        /// It works, with something missing that an operator should look at.
        Degraded = "degraded",
        /// It does not work.
        Down = "down",
    }
}

/// One thing that the product depends on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// ok, degraded or down.
    #[schema(value_type = String, examples("ok"))]
    pub state: State,
    /// How long it took to answer, in milliseconds.
    #[schema(examples(0.7))]
    pub latency_ms: f64,
    /// One sentence, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("every migration is applied"))]
    pub detail: Option<String>,
}

impl Dependency {
    /// A dependency in this state, measured since `started`.
    pub fn new(state: State, started: Instant, detail: Option<String>) -> Self {
        let latency_ms = (started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0;
        Self { state, latency_ms, detail }
    }
}

/// Everything that the product depends on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Dependencies {
    /// PostgreSQL.
    pub database: Dependency,
    /// Whether its tables are those of this version.
    pub migrations: Dependency,
    /// Redis, or the cache in this process.
    pub cache: Dependency,
    /// The queue of jobs.
    pub queue: Dependency,
}

impl Dependencies {
    /// Those without which no request can be answered, by name, with what is wrong with them.
    pub fn failing(&self) -> Vec<Failure> {
        [("database", &self.database), ("migrations", &self.migrations)]
            .into_iter()
            .filter(|(_, dependency)| dependency.state == State::Down)
            .map(|(name, dependency)| Failure {
                dependency: name.to_owned(),
                reason: dependency.detail.clone().unwrap_or_default(),
            })
            .collect()
    }

    /// Down where requests cannot be answered, degraded where anything else is not well.
    pub fn state(&self) -> State {
        if !self.failing().is_empty() {
            return State::Down;
        }
        let all = [&self.database, &self.migrations, &self.cache, &self.queue];
        if all.iter().all(|dependency| dependency.state == State::Ok) {
            State::Ok
        } else {
            State::Degraded
        }
    }
}

/// Why a process is not ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Failure {
    /// database, migrations or process.
    #[schema(examples("database"))]
    pub dependency: String,
    /// One sentence.
    #[schema(examples("the database does not answer"))]
    pub reason: String,
}

/// What waits in the outbox for the rest of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outbox {
    /// Events that are kept, counted up to [`COUNT_AT_MOST`].
    pub depth: i64,
    /// The age of the oldest one in seconds; 0 where there is none.
    pub oldest_seconds: i64,
}

/// Samples stop counting here, so that a full house costs no more than a busy one.
pub const COUNT_AT_MOST: i64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn dependencies(database: State, cache: State) -> Dependencies {
        let started = Instant::now();
        let as_is = |state| Dependency::new(state, started, Some("why".to_owned()));
        Dependencies {
            database: as_is(database),
            migrations: as_is(State::Ok),
            cache: as_is(cache),
            queue: as_is(State::Ok),
        }
    }

    #[test]
    fn only_what_requests_cannot_do_without_makes_the_process_unready() {
        assert_eq!(dependencies(State::Ok, State::Ok).state(), State::Ok);
        let redis_away = dependencies(State::Ok, State::Degraded);
        assert_eq!(redis_away.state(), State::Degraded);
        assert_eq!(redis_away.failing(), []);
        let database_away = dependencies(State::Down, State::Ok);
        assert_eq!(database_away.state(), State::Down);
        assert_eq!(database_away.failing()[0].dependency, "database");
    }
}
