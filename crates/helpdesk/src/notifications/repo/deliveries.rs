//! Deliveries, from their plan to their end.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::{DeliveryId, TicketId};
use crate::notifications::model::{
    Delivery, DeliveryChannel, DeliveryStatus, Ended, NewDelivery, NotificationKind,
};

/// Stores a delivery; `None` where the same event was planned for the same destination before.
pub(in crate::notifications) async fn insert(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    new: &NewDelivery,
) -> DbResult<Option<DeliveryId>> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO deliveries (event_id, ticket_id, channel, destination, sequence, kind, payload,
                                   next_attempt_at, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
           ON CONFLICT ON CONSTRAINT deliveries_event_id_channel_destination_key DO NOTHING
           RETURNING id AS "id: DeliveryId""#,
        new.event_id,
        new.ticket_id.map(|ticket| ticket.0),
        new.channel as DeliveryChannel,
        new.destination,
        new.sequence,
        new.kind,
        new.payload,
        new.not_before.unwrap_or(now),
        now,
    )
    .fetch_optional(connection)
    .await?)
}

/// Locks the newest delivery of a sequence that is not at its end, and answers whether there is
/// one. Whoever ends it waits for this transaction, and then finds what was planned behind it.
pub(in crate::notifications) async fn lock_last_of_sequence(
    connection: &mut PgConnection,
    channel: DeliveryChannel,
    destination: &str,
    sequence: &str,
) -> DbResult<bool> {
    let last = sqlx::query_scalar!(
        "SELECT id FROM deliveries
         WHERE channel = $1 AND destination = $2 AND sequence = $3 AND status IN ('pending', 'retrying')
         ORDER BY id DESC LIMIT 1 FOR UPDATE",
        channel as DeliveryChannel,
        destination,
        sequence,
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.is_some())
}

/// Writes down which job carries a delivery.
pub(in crate::notifications) async fn set_job(
    connection: &mut PgConnection,
    id: DeliveryId,
    job: i64,
) -> DbResult<()> {
    sqlx::query!("UPDATE deliveries SET job_id = $2 WHERE id = $1", id.0, job)
        .execute(connection)
        .await?;
    Ok(())
}

/// A delivery with the name by which receivers know it.
pub(in crate::notifications) async fn find(
    connection: &mut PgConnection,
    id: DeliveryId,
) -> DbResult<Option<Delivery>> {
    Ok(sqlx::query_as!(
        Delivery,
        r#"SELECT d.id AS "id: DeliveryId", installation.id || '-' || d.id AS "stable_id!", d.event_id,
                  d.ticket_id AS "ticket_id: TicketId", d.channel AS "channel: DeliveryChannel", d.destination, d.kind,
                  d.payload, d.status AS "status: DeliveryStatus", d.last_error, d.created_at
           FROM deliveries d CROSS JOIN installation WHERE d.id = $1"#,
        id.0,
    )
    .fetch_optional(connection)
    .await?)
}

/// Writes down how an attempt ended, with the delivery and with the SLA notices that it tells.
pub(in crate::notifications) async fn end_attempt(
    connection: &mut PgConnection,
    id: DeliveryId,
    now: DateTime<Utc>,
    ended: &Ended,
) -> DbResult<()> {
    let sent_at = (ended.status == DeliveryStatus::Sent).then_some(now);
    sqlx::query!(
        "WITH ended AS (
             UPDATE deliveries
             SET status = $2, attempts = $3, last_error = COALESCE($4, last_error), next_attempt_at = $5,
                 sent_at = $6, updated_at = $7
             WHERE id = $1)
         UPDATE sla_notifications
         SET status = $2, retry_count = GREATEST($3 - 1, 0), last_error = COALESCE($4, last_error),
             next_attempt_at = COALESCE($5, next_attempt_at), sent_at = $6, updated_at = $7
         WHERE delivery_id = $1",
        id.0,
        ended.status as DeliveryStatus,
        ended.attempts,
        ended.error,
        ended.next_attempt_at,
        sent_at,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The next delivery of the sequence of `id` that nothing carries yet, locked.
pub(in crate::notifications) async fn next_of_sequence(
    connection: &mut PgConnection,
    id: DeliveryId,
) -> DbResult<Option<(DeliveryId, DeliveryChannel)>> {
    let row = sqlx::query!(
        r#"SELECT next.id AS "id: DeliveryId", next.channel AS "channel: DeliveryChannel"
           FROM deliveries AS done
           JOIN deliveries AS next ON next.channel = done.channel AND next.destination = done.destination
                AND next.sequence = done.sequence AND next.id > done.id
                AND next.status IN ('pending', 'retrying')
           WHERE done.id = $1 AND done.sequence IS NOT NULL AND next.job_id IS NULL
           ORDER BY next.id LIMIT 1 FOR UPDATE OF next"#,
        id.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.id, row.channel)))
}

/// Brings failed deliveries back to life whose jobs run again.
pub(in crate::notifications) async fn revive(
    connection: &mut PgConnection,
    jobs: &[i64],
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "WITH revived AS (
             UPDATE deliveries SET status = 'retrying', next_attempt_at = $2, updated_at = $2
             WHERE job_id = ANY ($1) AND status = 'failed' RETURNING id)
         UPDATE sla_notifications SET status = 'retrying', next_attempt_at = $2, updated_at = $2
         FROM revived WHERE delivery_id = revived.id",
        jobs,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Of these jobs, which are dead letters, those whose delivery does not know it yet: its worker died
/// in the last attempt. Locked.
pub(in crate::notifications) async fn unaware_of_death(
    connection: &mut PgConnection,
    jobs: &[i64],
) -> DbResult<Vec<(DeliveryId, i32)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: DeliveryId", attempts FROM deliveries
           WHERE job_id = ANY ($1) AND status IN ('pending', 'retrying') ORDER BY id FOR UPDATE"#,
        jobs,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.attempts)).collect())
}

/// How many deliveries of a kind were planned for a destination since `since`, counted up to `most`.
pub(in crate::notifications) async fn planned_since(
    connection: &mut PgConnection,
    channel: DeliveryChannel,
    destination: &str,
    kind: NotificationKind,
    since: DateTime<Utc>,
    most: i64,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT FROM deliveries
               WHERE channel = $1 AND destination = $2 AND kind = $3 AND created_at > $4 LIMIT $5) AS recent"#,
        channel as DeliveryChannel,
        destination,
        kind as NotificationKind,
        since,
        most,
    )
    .fetch_one(connection)
    .await?)
}
