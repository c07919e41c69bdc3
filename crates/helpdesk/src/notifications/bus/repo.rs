//! The SQL of the event bus.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::model::Placed;
use crate::events::Event;

/// The cursor that holds the last place given.
const PLACED: &str = "placed";

/// Whether an event has no place yet, without locking anything.
pub(super) async fn any_to_place(connection: &mut PgConnection) -> DbResult<bool> {
    let any = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM event_outbox WHERE position IS NULL) AS "any!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(any)
}

/// Whether there are places that the consumer has not seen, without locking anything.
pub(super) async fn any_for(connection: &mut PgConnection, consumer: &str) -> DbResult<bool> {
    let any = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM event_cursors AS placed JOIN event_cursors AS own ON own.name = $1
               WHERE placed.name = 'placed' AND own.position < placed.position
           ) AS "any!""#,
        consumer
    )
    .fetch_one(connection)
    .await?;
    Ok(any)
}

/// Locks a cursor and answers where it stands; `None` where another process holds it.
pub(super) async fn lock(tx: &mut PgConnection, consumer: &str) -> DbResult<Option<i64>> {
    let position = sqlx::query_scalar!(
        "SELECT position FROM event_cursors WHERE name = $1 FOR NO KEY UPDATE SKIP LOCKED",
        consumer
    )
    .fetch_optional(tx)
    .await?;
    Ok(position)
}

/// Locks the cursor of the places, as [`lock`].
pub(super) async fn lock_placed(tx: &mut PgConnection) -> DbResult<Option<i64>> {
    lock(tx, PLACED).await
}

/// Gives places after `last` to events without one, in the order of their ids; answers how many. The
/// caller holds the lock of [`lock_placed`], taken by a statement before this one: only then does this
/// one see what the holder before has placed.
pub(super) async fn place(tx: &mut PgConnection, last: i64, most: i64) -> DbResult<i64> {
    let placed = sqlx::query_scalar!(
        r#"WITH waiting AS MATERIALIZED (
               SELECT id, row_number() OVER (ORDER BY id) AS rank
               FROM (SELECT id FROM event_outbox WHERE position IS NULL ORDER BY id LIMIT $2) AS first
           ), placed AS (
               UPDATE event_outbox SET position = $1 + waiting.rank
               FROM waiting WHERE event_outbox.id = waiting.id RETURNING 1
           ), moved AS (
               UPDATE event_cursors SET position = $1 + (SELECT count(*) FROM waiting)
               WHERE name = 'placed' AND EXISTS (SELECT FROM waiting) RETURNING 1
           )
           SELECT (SELECT count(*) FROM placed) AS "placed!""#,
        last,
        most
    )
    .fetch_one(tx)
    .await?;
    Ok(placed)
}

/// Events after a place, in order.
pub(super) async fn events_after(
    connection: &mut PgConnection,
    position: i64,
    most: i64,
) -> DbResult<Vec<Placed>> {
    let rows = sqlx::query!(
        r#"SELECT id, position AS "position!", type AS kind, subject, occurred_at, data
           FROM event_outbox WHERE position > $1 ORDER BY position LIMIT $2"#,
        position,
        most
    )
    .fetch_all(connection)
    .await?;
    let placed = rows.into_iter().map(|row| Placed {
        position: row.position,
        event: Event {
            id: row.id,
            kind: row.kind,
            subject: row.subject,
            occurred_at: row.occurred_at,
            data: row.data,
        },
    });
    Ok(placed.collect())
}

/// Moves a cursor that the caller holds locked.
pub(super) async fn move_to(tx: &mut PgConnection, consumer: &str, position: i64) -> DbResult<()> {
    sqlx::query!("UPDATE event_cursors SET position = $2 WHERE name = $1", consumer, position)
        .execute(tx)
        .await?;
    Ok(())
}

/// A consumer's turn to call the network: where it stands, and the fence that ends the turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub position: i64,
    pub fence: i64,
}

/// Makes the cursor of a consumer that is new: it hears what happens from now on.
pub(super) async fn begin(connection: &mut PgConnection, consumer: &str) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO event_cursors (name, position)
         SELECT $1, position FROM event_cursors WHERE name = 'placed' ON CONFLICT (name) DO NOTHING",
        consumer
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a consumer that there is no more, so that events are not kept for it; answers whether there was one.
pub(super) async fn end(connection: &mut PgConnection, consumer: &str) -> DbResult<bool> {
    let gone = sqlx::query!("DELETE FROM event_cursors WHERE name = $1", consumer)
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

/// Takes the turn of a consumer until `until`; `None` where another process has it.
pub(super) async fn take_turn(
    connection: &mut PgConnection,
    consumer: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> DbResult<Option<Turn>> {
    let turn = sqlx::query_as!(
        Turn,
        "UPDATE event_cursors SET locked_until = $3, fence = fence + 1
         WHERE name = $1 AND (locked_until IS NULL OR locked_until <= $2) RETURNING position, fence",
        consumer,
        now,
        until
    )
    .fetch_optional(connection)
    .await?;
    Ok(turn)
}

/// Ends a turn at a place; `false` where it was lost meanwhile, and nothing was written.
pub(super) async fn end_turn(
    connection: &mut PgConnection,
    consumer: &str,
    turn: Turn,
    position: i64,
) -> DbResult<bool> {
    let ended = sqlx::query!(
        "UPDATE event_cursors SET position = $3, locked_until = NULL WHERE name = $1 AND fence = $2",
        consumer,
        turn.fence,
        position
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// How far a consumer is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The consumer; `placed` for events that have no place yet.
    pub consumer: String,
    /// When the oldest event happened that it has not seen; `None` where it has seen all.
    pub oldest: Option<DateTime<Utc>>,
}

/// How far each consumer is behind.
pub(super) async fn lags(connection: &mut PgConnection) -> DbResult<Vec<Lag>> {
    let lags = sqlx::query_as!(
        Lag,
        r#"SELECT name AS "consumer!", (
               SELECT occurred_at FROM event_outbox
               WHERE position > event_cursors.position ORDER BY position LIMIT 1
           ) AS oldest
           FROM event_cursors WHERE name <> 'placed'
           UNION ALL
           SELECT 'placed', (SELECT occurred_at FROM event_outbox WHERE position IS NULL ORDER BY id LIMIT 1)
           ORDER BY 1"#
    )
    .fetch_all(connection)
    .await?;
    Ok(lags)
}
