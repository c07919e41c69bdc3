//! Notices of deadlines, from the transaction that finds them to the message that tells them.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use serde_json::Value;

use crate::ids::{DeliveryId, TicketId};
use crate::notifications::model::DeliveryChannel;

/// Notices to be stored, column by column.
#[derive(Debug, Default)]
pub(in crate::notifications) struct Columns {
    pub violations: Vec<Option<i64>>,
    pub tickets: Vec<i64>,
    pub notices: Vec<String>,
    pub kinds: Vec<String>,
    pub channels: Vec<String>,
    pub recipients: Vec<String>,
    pub data: Vec<Value>,
    pub not_before: Vec<DateTime<Utc>>,
}

/// Stores notices, apart from those that the same person was told by the same channel before.
pub(in crate::notifications) async fn insert(
    connection: &mut PgConnection,
    new: &Columns,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO sla_notifications (violation_id, ticket_id, notice, kind, channel, recipient, data,
                                        next_attempt_at, created_at, updated_at)
         SELECT violation, ticket, notice, kind, channel, recipient, data, not_before, $9, $9
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[],
                     $8::timestamptz[])
              AS new (violation, ticket, notice, kind, channel, recipient, data, not_before)
         ON CONFLICT ON CONSTRAINT sla_notifications_notice_channel_recipient_key DO NOTHING",
        &new.violations as &[Option<i64>],
        &new.tickets,
        &new.notices,
        &new.kinds,
        &new.channels,
        &new.recipients,
        &new.data,
        &new.not_before,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A notice that waits for its message.
#[derive(Debug)]
pub(in crate::notifications) struct Waiting {
    pub id: i64,
    pub ticket_id: Option<TicketId>,
    pub data: Value,
}

/// What waits for one person and channel, oldest first, locked.
pub(in crate::notifications) async fn lock_waiting(
    connection: &mut PgConnection,
    channel: DeliveryChannel,
    recipient: &str,
    now: DateTime<Utc>,
    limit: i64,
) -> DbResult<Vec<Waiting>> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"SELECT id, ticket_id AS "ticket_id: TicketId", data FROM sla_notifications
           WHERE channel = $1 AND recipient = $2 AND delivery_id IS NULL AND status = 'pending'
                 AND next_attempt_at <= $3
           ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED"#,
        channel as DeliveryChannel,
        recipient,
        now,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Fixes the message that tells these notices.
pub(in crate::notifications) async fn set_delivery(
    connection: &mut PgConnection,
    ids: &[i64],
    delivery: DeliveryId,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE sla_notifications SET delivery_id = $2, updated_at = $3 WHERE id = ANY ($1)",
        ids,
        delivery.0,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Drops what waits for a channel that is not configured; answers how many there were.
pub(in crate::notifications) async fn drop_waiting(
    connection: &mut PgConnection,
    channel: DeliveryChannel,
    recipient: &str,
) -> DbResult<u64> {
    let done = sqlx::query!(
        "DELETE FROM sla_notifications
         WHERE channel = $1 AND recipient = $2 AND delivery_id IS NULL AND status = 'pending'",
        channel as DeliveryChannel,
        recipient,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
