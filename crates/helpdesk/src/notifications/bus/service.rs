//! Use cases of the event bus.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::model::Placed;
use super::repo;
pub use super::repo::Lag;

/// The consumer that expands events into deliveries.
pub const DELIVERIES: &str = "deliveries";
/// The consumer that copies events to a Redis stream.
pub const STREAM: &str = "stream";

/// The most events that get their place in one transaction.
const PLACED_AT_ONCE: i64 = 1_000;
/// The most events that a consumer is given at once.
const READ_AT_ONCE: i64 = 200;
/// How long a consumer may call the network before another process takes over.
const TURN: Duration = Duration::from_secs(30);

/// Gives their places to events that have none, in an order in which each subject's events stand as they
/// happened: whoever sees a later one of them sees the earlier ones, and their ids grow. Answers
/// whether there may be more.
///
/// # Errors
/// A database fault.
pub async fn place(tx: &mut PgConnection) -> DbResult<bool> {
    if !repo::any_to_place(tx).await? {
        return Ok(false);
    }
    let Some(last) = repo::lock_placed(tx).await? else { return Ok(false) };
    Ok(repo::place(tx, last, PLACED_AT_ONCE).await? == PLACED_AT_ONCE)
}

/// The events that follow for a consumer that works inside the transaction; empty also where another
/// process is at it. The cursor stands behind them when the transaction commits.
///
/// # Errors
/// A database fault.
pub async fn next_events(tx: &mut PgConnection, consumer: &str) -> DbResult<Vec<Placed>> {
    if !repo::any_for(tx, consumer).await? {
        return Ok(Vec::new());
    }
    let Some(position) = repo::lock(tx, consumer).await? else { return Ok(Vec::new()) };
    let events = repo::events_after(tx, position, READ_AT_ONCE).await?;
    if let Some(last) = events.last() {
        repo::move_to(tx, consumer, last.position).await?;
    }
    Ok(events)
}

/// A turn of a consumer that calls the network.
pub struct Turn {
    turn: repo::Turn,
    /// The events that follow.
    pub events: Vec<Placed>,
}

/// Takes the turn of a consumer that works outside any transaction; `None` where there is nothing to do or
/// another process is at it.
///
/// # Errors
/// A database fault.
pub async fn take_turn(
    connection: &mut PgConnection,
    consumer: &str,
    now: DateTime<Utc>,
) -> DbResult<Option<Turn>> {
    if !repo::any_for(connection, consumer).await? {
        return Ok(None);
    }
    let until = now + TimeDelta::from_std(TURN).unwrap_or_default();
    let Some(turn) = repo::take_turn(connection, consumer, now, until).await? else {
        return Ok(None);
    };
    let events = repo::events_after(connection, turn.position, READ_AT_ONCE).await?;
    Ok(Some(Turn { turn, events }))
}

/// Ends a turn after so many of its events were told; `false` where another process has taken over.
///
/// # Errors
/// A database fault.
pub async fn end_turn(
    connection: &mut PgConnection,
    consumer: &str,
    turn: &Turn,
    told: usize,
) -> DbResult<bool> {
    let last = told.checked_sub(1).and_then(|index| turn.events.get(index));
    let position = last.map_or(turn.turn.position, |event| event.position);
    repo::end_turn(connection, consumer, turn.turn, position).await
}

/// Makes a consumer known, which hears what happens from now on; or forgets it where it is no longer
/// `wanted`, so that no event is kept for it.
///
/// # Errors
/// A database fault.
pub async fn want(connection: &mut PgConnection, consumer: &str, wanted: bool) -> DbResult<()> {
    if wanted {
        repo::begin(connection, consumer).await
    } else {
        if repo::end(connection, consumer).await? {
            tracing::info!(consumer, "events are no longer kept for this consumer");
        }
        Ok(())
    }
}

/// How far each consumer is behind.
///
/// # Errors
/// A database fault.
pub async fn lags(connection: &mut PgConnection) -> DbResult<Vec<Lag>> {
    repo::lags(connection).await
}
