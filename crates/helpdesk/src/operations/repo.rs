//! The SQL of the operations slice: bounded samples for the metrics.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::model::{COUNT_AT_MOST, Outbox};

/// Tickets by state; each count stops at [`COUNT_AT_MOST`] and reads an index only.
pub(super) async fn tickets_by_status(
    connection: &mut PgConnection,
) -> DbResult<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT state AS "state!", (
               SELECT count(*) FROM (
                   SELECT FROM tickets
                   WHERE status = state AND deleted_at IS NULL AND merged_into_id IS NULL LIMIT $1
               ) AS bounded
           ) AS "tickets!"
           FROM unnest(ARRAY['open', 'in_progress', 'waiting_customer', 'resolved', 'closed', 'reopened',
                             'on_hold']) AS state"#,
        COUNT_AT_MOST
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.tickets)).collect())
}

/// What waits in the outbox.
pub(super) async fn outbox(connection: &mut PgConnection, now: DateTime<Utc>) -> DbResult<Outbox> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM (SELECT FROM event_outbox LIMIT $1) AS bounded) AS "depth!",
                  (SELECT min(occurred_at) FROM event_outbox) AS oldest"#,
        COUNT_AT_MOST
    )
    .fetch_one(connection)
    .await?;
    let oldest_seconds = row.oldest.map_or(0, |oldest| (now - oldest).num_seconds().max(0));
    Ok(Outbox { depth: row.depth, oldest_seconds })
}
