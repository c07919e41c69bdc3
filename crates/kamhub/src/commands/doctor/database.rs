//! The checks of PostgreSQL and Redis.

use std::time::Instant;

use chrono::{DateTime, Utc};
use kamhub_cache::{Cache, Health};
use kamhub_helpdesk::notifications::{bus, webhooks};
use kamhub_helpdesk::sla::service::{audit, sweep};
use kamhub_jobs::Queue;
use kamhub_kernel::Clock as _;
use kamhub_postgres::migrations::{self, Standing};
use kamhub_postgres::{Db, DbError, DbResult};

use super::{Report, outlets};
use crate::commands::CLOCK;
use crate::config::Config;
use crate::database::{self, Database, Opening};
use crate::lifecycle::sentence;

/// The oldest PostgreSQL that the product works with, as it numbers itself.
const OLDEST_VERSION: i32 = 150_000;
/// Skew that shows in the order of events; and skew that breaks leases and expiries.
const SKEW_MS: i64 = 1_000;
const BAD_SKEW_MS: i64 = 10_000;
/// Seconds that a due job may wait before somebody should look.
const LATE: i64 = 300;
/// How many tickets' clocks are made again from their timelines.
const AUDITED: i64 = 50;

/// What PostgreSQL says of itself.
#[derive(sqlx::FromRow)]
struct Server {
    version: i32,
    version_text: String,
    now: DateTime<Utc>,
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    max_connections: i32,
    connections: i64,
    missing_extensions: Vec<String>,
}

pub async fn look(report: &mut Report, config: &Config) {
    let private = config.data_dir.join("postgres");
    if config.database_url.is_none() && !private.exists() {
        let place = private.display();
        return report.ok("database", format!("will be made in {place} at the first start"));
    }
    let database = match Database::open(config, Opening::Existing).await {
        Ok(database) => database,
        Err(error) => return report.fail("database", sentence(&error)),
    };
    if let Err(error) = look_inside(report, config, &database.db).await {
        report.fail("database", sentence(&database::away(error)));
    }
    database.close().await;
}

async fn look_inside(report: &mut Report, config: &Config, db: &Db) -> DbResult<()> {
    let asked = Instant::now();
    let server = server(db).await?;
    let halfway = CLOCK.now() - asked.elapsed() / 2;
    let version = &server.version_text;
    if server.version < OLDEST_VERSION {
        report.fail("database", format!("PostgreSQL {version} is too old: update to 15 or later"));
    } else {
        report.ok("database", format!("PostgreSQL {version} answers"));
    }
    durability(report, &server);
    skew(report, (server.now - halfway).num_milliseconds());
    connections(report, config, &server);
    if server.missing_extensions.is_empty() {
        report.ok("extensions", "uuid-ossp, pg_trgm and btree_gin are there");
    } else {
        let missing = server.missing_extensions.join(", ");
        let advice = "install PostgreSQL's contrib package (Debian: it is part of postgresql-NN)";
        report.fail("extensions", format!("{missing} cannot be installed: {advice}"));
    }
    let standing = migrations::standing(db).await?;
    let text = database::describe(&standing);
    match standing {
        Standing::Current => report.ok("migrations", text),
        Standing::Ahead(_) => report.warn("migrations", text),
        Standing::Behind(_) | Standing::Broken(_) => report.fail("migrations", text),
    }
    if matches!(standing, Standing::Current | Standing::Ahead(_)) {
        jobs(report, db).await?;
        clocks(report, db).await?;
        events(report, db).await?;
    }
    if standing == Standing::Current {
        outlets::look_inside(report, db).await?;
    }
    Ok(())
}

async fn server(db: &Db) -> DbResult<Server> {
    let mut connection = db.connection().await?;
    let server = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int AS version,
                current_setting('server_version') AS version_text,
                clock_timestamp() AS now,
                current_setting('fsync') AS fsync,
                current_setting('full_page_writes') AS full_page_writes,
                current_setting('synchronous_commit') AS synchronous_commit,
                current_setting('max_connections')::int AS max_connections,
                (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
                ARRAY(SELECT wanted FROM unnest(ARRAY['uuid-ossp', 'pg_trgm', 'btree_gin']) AS wanted
                      WHERE NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = wanted))
                    AS missing_extensions",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(DbError::from)?;
    Ok(server)
}

fn durability(report: &mut Report, server: &Server) {
    let off: Vec<_> = [("fsync", &server.fsync), ("full_page_writes", &server.full_page_writes)]
        .into_iter()
        .filter(|(_, value)| *value != "on")
        .map(|(name, _)| name)
        .collect();
    if !off.is_empty() {
        let off = off.join(" and ");
        let text = format!("{off} is off: a power cut destroys the database; turn it on");
        report.fail("durability", text);
    } else if server.synchronous_commit == "off" {
        let text = "synchronous_commit is off: a power cut loses answers already given; turn it on";
        report.warn("durability", text);
    } else {
        report.ok("durability", "fsync and full_page_writes are on");
    }
}

fn skew(report: &mut Report, milliseconds: i64) {
    let text = format!("{milliseconds} ms from the database's");
    match milliseconds.abs() {
        0..SKEW_MS => report.ok("clock", text),
        SKEW_MS..BAD_SKEW_MS => report.warn("clock", format!("{text}: let NTP set both")),
        _ => report.fail(
            "clock",
            format!("{text}: sessions and jobs end at wrong times; let NTP set both"),
        ),
    }
}

fn connections(report: &mut Report, config: &Config, server: &Server) {
    let (wanted, most) = (config.database_max_connections, server.max_connections);
    let text = format!("{wanted} for this process, {most} in all, {} in use", server.connections);
    if i64::from(wanted) > i64::from(most) {
        let advice = "lower DATABASE_MAX_CONNECTIONS or raise max_connections";
        report.fail("connections", format!("{text}: {advice}"));
    } else {
        report.ok("connections", text);
    }
}

async fn jobs(report: &mut Report, db: &Db) -> DbResult<()> {
    let backlog = Queue::new(db.clone(), std::sync::Arc::new(CLOCK)).backlog().await?;
    let late = backlog.oldest_due_at.map_or(0, |due| (CLOCK.now() - due).num_seconds());
    if backlog.dead > 0 {
        let advice = "see GET /api/support/operations/dead-letters, mend the cause and replay them";
        report.warn("jobs", format!("{} dead letters: {advice}", backlog.dead));
    } else if late > LATE {
        report
            .warn("jobs", format!("one has waited for {late} s: start a worker ('kamhub worker')"));
    } else {
        report.ok("jobs", format!("{} wait, none is dead", backlog.waiting));
    }
    Ok(())
}

async fn clocks(report: &mut Report, db: &Db) -> DbResult<()> {
    let mut connection = db.connection().await?;
    let standing = sweep::standing(&mut connection, CLOCK.now()).await?;
    let lag = standing.lag.as_secs();
    if i64::try_from(lag).is_ok_and(|lag| lag > LATE) {
        let text = format!(
            "deadlines that passed {lag} s ago have not been noticed: start a worker ('kamhub worker')"
        );
        report.warn("deadlines", text);
    } else {
        report.ok("deadlines", format!("{} clocks run, and none is late", standing.running));
    }
    match audit::newest(&mut connection, AUDITED).await {
        Ok((compared, wrong)) if wrong.is_empty() => {
            report.ok(
                "clocks",
                format!("those of the {compared} newest tickets follow from their timelines"),
            );
        }
        Ok((_, wrong)) => {
            let tickets: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            let text =
                format!("do not follow from the timelines of the tickets {}", tickets.join(", "));
            report.fail("clocks", text);
        }
        Err(error) => {
            report.fail("clocks", format!("cannot be compared with the timelines: {error}"))
        }
    }
    Ok(())
}

async fn events(report: &mut Report, db: &Db) -> DbResult<()> {
    let mut connection = db.connection().await?;
    let lags = bus::service::lags(&mut connection).await?;
    let now = CLOCK.now();
    let late = lags.iter().filter_map(|lag| {
        let seconds = (now - lag.oldest?).num_seconds();
        (seconds > LATE).then(|| format!("{} is {seconds} s behind", lag.consumer))
    });
    let late: Vec<String> = late.collect();
    if late.is_empty() {
        report.ok("events", "every consumer has seen them");
    } else {
        let advice = "start a worker ('kamhub worker'); for the stream look at Redis";
        report.warn("events", format!("{}: {advice}", late.join(", ")));
    }
    match webhooks::service::disabled(&mut connection).await? {
        0 => report.ok("webhooks", "none was switched off"),
        disabled => {
            let advice = "see GET /api/support/webhooks, mend the receiver and set active again";
            report.warn("webhooks", format!("{disabled} were switched off: {advice}"));
        }
    }
    Ok(())
}

pub async fn redis(report: &mut Report, config: &Config) {
    let Some(url) = &config.redis_url else {
        return report.ok("redis", "not configured; each process keeps its own cache and limits");
    };
    let cache = match Cache::redis(url, Cache::REDIS_TIMEOUT).await {
        Ok(cache) => cache,
        Err(error) => return report.fail("redis", format!("{error}: correct REDIS_URL")),
    };
    match cache.health().await {
        Health::Unreachable(reason) => {
            let text =
                format!("does not answer ({reason}): the product works without it, more slowly");
            report.warn("redis", text);
        }
        _ => report.ok("redis", "answers"),
    }
}
