//! Use cases of operating the product.

use std::time::{Duration, Instant};

use kamhub_cache::{Cache, Health};
use kamhub_jobs::{JobRecord, Queue, dead};
use kamhub_kernel::Clock;
use kamhub_postgres::migrations::{self, Standing};
use kamhub_postgres::{Db, PgConnection};

use super::error::Error;
use super::metrics;
use super::model::{Dependencies, Dependency, State};
use super::repo;
use crate::app::App;
use crate::notifications::bus;
use crate::notifications::deliveries;
use crate::notifications::service::receipts;
use crate::sla::service::sweep;

/// How long a dependency may take to answer. Probes give up after a second or two themselves.
const PATIENCE: Duration = Duration::from_millis(800);
/// The wait between two samples of what lies in the database.
const SAMPLE_EVERY: Duration = Duration::from_secs(60);
/// A queue whose oldest job has waited longer has too few workers, or none.
const QUEUE_IS_LATE: i64 = 300;

/// Asks everything that the product depends on, at the same time.
pub async fn health(app: &App) -> Dependencies {
    let (database, migrations, cache, queue) = tokio::join!(
        database(&app.db),
        migrations_stand(&app.db),
        cache(&app.cache),
        queue(&app.queue, &*app.clock)
    );
    Dependencies { database, migrations, cache, queue }
}

async fn database(db: &Db) -> Dependency {
    let started = Instant::now();
    match tokio::time::timeout(PATIENCE, db.ping()).await {
        Ok(Ok(())) => Dependency::new(State::Ok, started, None),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            down(started)
        }
        Err(_) => down(started),
    }
}

fn down(started: Instant) -> Dependency {
    Dependency::new(State::Down, started, Some("the database does not answer".to_owned()))
}

async fn migrations_stand(db: &Db) -> Dependency {
    let started = Instant::now();
    let Ok(Ok(standing)) = tokio::time::timeout(PATIENCE, migrations::standing(db)).await else {
        let detail = "unknown, because the database does not answer";
        return Dependency::new(State::Down, started, Some(detail.to_owned()));
    };
    let (state, detail) = match standing {
        Standing::Current => (State::Ok, None),
        // While versions change hands the older one goes on: migrations only add (expand, contract).
        Standing::Ahead(_) => {
            (State::Ok, Some("the database was migrated by a newer version".to_owned()))
        }
        Standing::Behind(missing) => {
            (State::Down, Some(format!("{missing} migrations are not applied")))
        }
        Standing::Broken(version) => {
            (State::Down, Some(format!("migration {version} is not ours")))
        }
    };
    Dependency::new(state, started, detail)
}

async fn cache(cache: &Cache) -> Dependency {
    let started = Instant::now();
    match cache.health().await {
        Health::Connected => Dependency::new(State::Ok, started, None),
        Health::InProcess => {
            Dependency::new(State::Ok, started, Some("in this process".to_owned()))
        }
        Health::Unreachable(reason) => {
            tracing::warn!(reason, "Redis does not answer");
            let detail = "Redis does not answer; the product works without it";
            Dependency::new(State::Degraded, started, Some(detail.to_owned()))
        }
    }
}

async fn queue(queue: &Queue, clock: &dyn Clock) -> Dependency {
    let started = Instant::now();
    let Ok(Ok(backlog)) = tokio::time::timeout(PATIENCE, queue.backlog()).await else {
        return down(started);
    };
    let late = backlog.oldest_due_at.map_or(0, |due| (clock.now() - due).num_seconds());
    if late > QUEUE_IS_LATE {
        let detail = format!("a job has waited for {late} s: is a worker running?");
        return Dependency::new(State::Degraded, started, Some(detail));
    }
    let dead =
        (backlog.dead > 0).then(|| format!("{} dead letters wait for an operator", backlog.dead));
    Dependency::new(State::Ok, started, dead)
}

/// Dead letters, newest first.
///
/// # Errors
/// A database fault.
pub async fn dead_letters(
    connection: &mut PgConnection,
    filter: &dead::DeadFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<JobRecord>, Error> {
    Ok(dead::list(connection, filter, before, limit).await?)
}

/// Lets a dead letter run again at once.
///
/// # Errors
/// [`Error::NoDeadLetter`]; a database fault.
pub async fn replay(tx: &mut PgConnection, clock: &dyn Clock, id: i64) -> Result<(), Error> {
    if !dead::replay(tx, clock, id).await? {
        return Err(Error::NoDeadLetter);
    }
    Ok(deliveries::revive(tx, clock, &[id]).await?)
}

/// Lets every dead letter that the filter names run again at once; answers how many.
///
/// # Errors
/// A database fault.
pub async fn replay_range(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    filter: &dead::DeadFilter,
) -> Result<usize, Error> {
    let replayed = dead::replay_range(tx, clock, filter).await?;
    deliveries::revive(tx, clock, &replayed).await?;
    Ok(replayed.len())
}

/// Shows in the metrics what lies in the database, once a minute, for as long as it is polled.
pub async fn sample(app: App) {
    loop {
        if let Err(error) = sample_once(&app).await {
            tracing::warn!(%error, "the database could not be sampled for the metrics");
        }
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
}

/// One sample.
///
/// # Errors
/// A database fault.
pub async fn sample_once(app: &App) -> Result<(), Error> {
    let mut connection = app.db.connection().await?;
    let tickets = repo::tickets_by_status(&mut connection).await?;
    let outbox = repo::outbox(&mut connection, app.clock.now()).await?;
    let deliveries = receipts::standing(&mut connection, app.clock.now()).await?;
    let clocks = sweep::standing(&mut connection, app.clock.now()).await?;
    metrics::show_deliveries(deliveries, app.clock.now());
    metrics::show_clocks(clocks);
    let lags = bus::service::lags(&mut connection).await?;
    metrics::show(&tickets, outbox, &lags, app.clock.now());
    Ok(())
}
