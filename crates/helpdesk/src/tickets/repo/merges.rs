//! What was merged where, so that it can be undone.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::COLUMNS;
use super::moves::numbers;
use crate::ids::{AgentId, MessageId, TicketId};
use crate::tickets::model::Ticket;
use crate::tickets::state::Status;

/// What a ticket was before it was merged.
pub(in crate::tickets) struct Before {
    pub status: Status,
    pub agent: Option<AgentId>,
    pub messages: Vec<i64>,
}

/// Writes down a merge of `source` as it is now.
pub(in crate::tickets) async fn insert(
    tx: &mut PgConnection,
    source: &Ticket,
    target: TicketId,
    now: DateTime<Utc>,
    moved: &[MessageId],
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO ticket_merges
             (source_id, target_id, source_status, source_agent_id, merged_at, moved_message_ids)
         VALUES ($1, $2, $3, $4, $5, $6)",
        source.id.0,
        target.0,
        source.status.as_str(),
        source.agent_id.map(|agent| agent.0),
        now,
        &numbers(moved)
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds a message that was written to a merged ticket: it goes back with the others.
pub(in crate::tickets) async fn add_message(
    tx: &mut PgConnection,
    source: TicketId,
    message: MessageId,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE ticket_merges SET moved_message_ids = moved_message_ids || $2::bigint
         WHERE source_id = $1 AND undone_at IS NULL",
        source.0,
        message.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends the merge of a ticket and answers what the ticket was before.
pub(in crate::tickets) async fn undo(
    tx: &mut PgConnection,
    source: TicketId,
    now: DateTime<Utc>,
) -> DbResult<Option<Before>> {
    Ok(sqlx::query_as!(
        Before,
        r#"UPDATE ticket_merges SET undone_at = $2 WHERE source_id = $1 AND undone_at IS NULL
           RETURNING source_status AS "status: Status", source_agent_id AS "agent: AgentId",
               moved_message_ids AS messages"#,
        source.0,
        now
    )
    .fetch_optional(tx)
    .await?)
}

/// Whether the ticket was merged once, and is not any more.
pub(in crate::tickets) async fn is_undone(
    connection: &mut PgConnection,
    source: TicketId,
) -> DbResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM ticket_merges
               WHERE source_id = $1 AND undone_at IS NOT NULL) AS "undone!""#,
        source.0
    )
    .fetch_one(connection)
    .await?)
}

/// The tickets that were merged into this one, and into those, with the messages of each merge.
pub(in crate::tickets) async fn family(
    tx: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<Vec<(TicketId, Vec<i64>)>> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE family AS (
               SELECT source_id, moved_message_ids FROM ticket_merges
               WHERE target_id = $1 AND undone_at IS NULL
               UNION
               SELECT below.source_id, below.moved_message_ids FROM ticket_merges AS below
               JOIN family ON below.target_id = family.source_id WHERE below.undone_at IS NULL
           )
           SELECT source_id AS "source_id!: TicketId", moved_message_ids AS "messages!"
           FROM family ORDER BY source_id"#,
        ticket.0
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.source_id, row.messages)).collect())
}

/// The tickets that point to this one, also those that were deleted since, locked.
pub(in crate::tickets) async fn merged_into(
    tx: &mut PgConnection,
    target: TicketId,
) -> DbResult<Vec<Ticket>> {
    let sql =
        format!("SELECT {COLUMNS} FROM tickets WHERE merged_into_id = $1 ORDER BY id FOR UPDATE");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(target).fetch_all(tx).await?)
}

/// Whether tickets that still exist were merged into this one.
pub(in crate::tickets) async fn is_survivor(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM tickets
               WHERE merged_into_id = $1 AND deleted_at IS NULL) AS "survivor!""#,
        ticket.0
    )
    .fetch_one(connection)
    .await?)
}

/// The ticket, also a deleted one, locked.
pub(in crate::tickets) async fn lock_even_deleted(
    tx: &mut PgConnection,
    id: TicketId,
) -> DbResult<Option<Ticket>> {
    let sql = format!("SELECT {COLUMNS} FROM tickets WHERE id = $1 FOR UPDATE");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx).await?)
}

/// The newest follow-up of a ticket that is still open and was begun by who asks in `addressed`, locked: a merged ticket
/// may be continued for several people. Where nobody is known to ask, the address tells them apart.
pub(in crate::tickets) async fn open_follow_up(
    tx: &mut PgConnection,
    of: TicketId,
    addressed: &Ticket,
) -> DbResult<Option<Ticket>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tickets WHERE follow_up_of_id = $1 AND status <> 'closed'
             AND deleted_at IS NULL AND merged_into_id IS NULL
             AND requester_id IS NOT DISTINCT FROM $2
             AND (requester_id IS NOT NULL OR lower(customer_email) = lower($3))
         ORDER BY id DESC LIMIT 1 FOR UPDATE"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(of)
        .bind(addressed.requester_id)
        .bind(&addressed.customer_email)
        .fetch_optional(tx)
        .await?)
}
