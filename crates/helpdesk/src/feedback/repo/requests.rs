//! Requests for feedback after a resolution.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::{CustomerId, TicketId};

/// Notes that the customer of a ticket is asked; false where they were asked in this episode.
pub(in crate::feedback) async fn insert(
    tx: &mut PgConnection,
    ticket: TicketId,
    episode: i32,
    customer: CustomerId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> DbResult<bool> {
    let stored = sqlx::query!(
        "INSERT INTO csat_requests (ticket_id, episode, requester_id, requested_at, expires_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        ticket.0,
        episode,
        customer.0,
        now,
        expires_at
    )
    .execute(tx)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// Notes that the customer answered whatever they were asked of the ticket.
pub(in crate::feedback) async fn answered(
    tx: &mut PgConnection,
    ticket: TicketId,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE csat_requests SET answered_at = $2 WHERE ticket_id = $1 AND answered_at IS NULL",
        ticket.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}
