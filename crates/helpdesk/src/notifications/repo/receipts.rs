//! What was sent, when, how often, and why not; and the samples behind metrics and the doctor.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::TicketId;
use crate::notifications::model::{DeliveryChannel, DeliveryStatus};

/// A receipt as it is stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// Whether it is a notice of a deadline that waits for the message that will tell it.
    pub waiting: bool,
    /// The delivery; of what waits the notice.
    pub number: i64,
    /// The name by which receivers know it; none where there is no message yet.
    pub stable_id: Option<String>,
    /// The way.
    pub channel: DeliveryChannel,
    /// Where it goes.
    pub destination: String,
    /// What it tells.
    pub kind: String,
    /// Where it is.
    pub status: DeliveryStatus,
    /// Attempts so far.
    pub attempts: i32,
    /// What the last failed attempt said.
    pub last_error: Option<String>,
    /// When the next attempt is due, or the message that tells what waits.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When the receiver took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// When its cause was written.
    pub created_at: DateTime<Utc>,
}

/// A row's place among the receipts of a ticket: whether it waits, and its number.
pub type Place = (bool, i64);

/// What is to be told of a ticket and waits, and the deliveries about it with digests that mention it: both newest
/// first, behind `after`.
pub(in crate::notifications) async fn of_ticket(
    connection: &mut PgConnection,
    ticket: TicketId,
    after: Option<Place>,
    offset: i64,
    limit: i64,
) -> DbResult<Vec<Row>> {
    let (waiting, number) = after.unzip();
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT waiting AS "waiting!", number AS "number!", stable_id, channel AS "channel!: DeliveryChannel",
                  destination AS "destination!", kind AS "kind!", status AS "status!: DeliveryStatus",
                  attempts AS "attempts!", last_error, next_attempt_at, sent_at, created_at AS "created_at!"
           FROM (SELECT false AS waiting, d.id AS number, installation.id || '-' || d.id AS stable_id, d.channel,
                        d.destination, d.kind, d.status, d.attempts, d.last_error, d.next_attempt_at, d.sent_at,
                        d.created_at
                 FROM (SELECT id FROM deliveries WHERE ticket_id = $1
                       UNION
                       SELECT delivery_id FROM sla_notifications WHERE ticket_id = $1 AND delivery_id IS NOT NULL
                      ) AS told (id)
                 JOIN deliveries d ON d.id = told.id CROSS JOIN installation
                 UNION ALL
                 SELECT true, id, NULL, channel, recipient, 'sla_' || kind, status, 0, last_error, next_attempt_at,
                        NULL, created_at
                 FROM sla_notifications
                 WHERE ticket_id = $1 AND delivery_id IS NULL AND status = 'pending') AS receipts
           WHERE $2::boolean IS NULL OR (waiting, number) < ($2, $3)
           ORDER BY waiting DESC, number DESC OFFSET $4 LIMIT $5"#,
        ticket.0,
        waiting,
        number,
        offset,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// How many receipts a ticket has, counted up to `most`.
pub(in crate::notifications) async fn count_of_ticket(
    connection: &mut PgConnection,
    ticket: TicketId,
    most: i64,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT id FROM deliveries WHERE ticket_id = $1
               UNION
               SELECT delivery_id FROM sla_notifications WHERE ticket_id = $1 AND delivery_id IS NOT NULL
               UNION ALL
               SELECT id FROM sla_notifications
               WHERE ticket_id = $1 AND delivery_id IS NULL AND status = 'pending'
               LIMIT $2) AS told"#,
        ticket.0,
        most,
    )
    .fetch_one(connection)
    .await?)
}

/// What stands still, for metrics and the doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Since when the oldest delivery waits that is neither sent nor given up, or the oldest notice of a deadline
    /// for its message; what quiet hours hold back counts from their end on.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Deliveries that were given up, counted up to 100,000.
    pub failed: i64,
}

/// Samples the deliveries.
pub(in crate::notifications) async fn standing(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    most: i64,
) -> DbResult<Standing> {
    Ok(sqlx::query_as!(
        Standing,
        r#"SELECT LEAST((SELECT created_at FROM deliveries
                         WHERE status IN ('pending', 'retrying') AND (attempts > 0 OR next_attempt_at <= $1)
                         ORDER BY created_at LIMIT 1),
                        (SELECT min(next_attempt_at) FROM sla_notifications
                         WHERE delivery_id IS NULL AND status = 'pending' AND next_attempt_at <= $1)) AS oldest_at,
                  (SELECT count(*) FROM (SELECT FROM deliveries WHERE status = 'failed' LIMIT $2) AS f)
                      AS "failed!""#,
        now,
        most,
    )
    .fetch_one(connection)
    .await?)
}

/// Forgets what was sent before `until`, some thousands at a time; answers how many.
pub(in crate::notifications) async fn forget_sent(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
    most: i64,
) -> DbResult<u64> {
    let done = sqlx::query!(
        "DELETE FROM deliveries WHERE id IN (
             SELECT id FROM deliveries
             WHERE status = 'sent' AND channel IN ('email', 'slack', 'dashboard', 'webhook') AND sent_at < $1
             LIMIT $2)",
        until,
        most,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Whether a destination may be called now; where it may, nobody else may before `until`.
pub(in crate::notifications) async fn take_turn(
    connection: &mut PgConnection,
    channel: DeliveryChannel,
    destination: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> DbResult<bool> {
    let taken = sqlx::query_scalar!(
        "INSERT INTO delivery_pauses AS pause (channel, destination, next_at) VALUES ($1, $2, $4)
         ON CONFLICT (channel, destination) DO UPDATE SET next_at = $4 WHERE pause.next_at <= $3
         RETURNING next_at",
        channel as DeliveryChannel,
        destination,
        now,
        until,
    )
    .fetch_optional(connection)
    .await?;
    Ok(taken.is_some())
}

/// When a destination may be called next.
pub(in crate::notifications) async fn next_turn(
    connection: &mut PgConnection,
    channel: DeliveryChannel,
    destination: &str,
) -> DbResult<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "SELECT next_at FROM delivery_pauses WHERE channel = $1 AND destination = $2",
        channel as DeliveryChannel,
        destination,
    )
    .fetch_optional(connection)
    .await?)
}

/// The destination asked for a pause.
pub(in crate::notifications) async fn pause(
    connection: &mut PgConnection,
    channel: DeliveryChannel,
    destination: &str,
    until: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE delivery_pauses SET next_at = GREATEST(next_at, $3) WHERE channel = $1 AND destination = $2",
        channel as DeliveryChannel,
        destination,
        until,
    )
    .execute(connection)
    .await?;
    Ok(())
}
