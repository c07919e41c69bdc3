//! The SQL of the messages slice.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::types::Json;

use super::model::{Attachment, Head, Message, NewMessage, Scope, SenderType};
use crate::ids::{MessageId, TicketId};

/// Stores a new message.
pub(super) async fn insert(
    tx: &mut PgConnection,
    new: &NewMessage,
    now: DateTime<Utc>,
) -> DbResult<Message> {
    Ok(sqlx::query_as!(
        Message,
        r#"INSERT INTO ticket_messages (ticket_id, sender_type, sender_id, sender_name, message,
               attachments, is_internal, is_automatic, original_ticket_id, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           RETURNING id AS "id: MessageId", ticket_id AS "ticket_id: TicketId",
               sender_type AS "sender_type: SenderType", sender_id, sender_name, message,
               attachments AS "attachments: Json<Vec<Attachment>>", is_internal, is_automatic,
               rating, rating_comment, rated_at,
               original_ticket_id AS "original_ticket_id: TicketId", created_at"#,
        new.ticket_id.0,
        new.sender.kind.as_str(),
        new.sender.id,
        new.sender.name,
        new.message,
        serde_json::json!(new.attachments),
        new.is_internal,
        new.is_automatic,
        new.original_ticket_id.map(|id| id.0),
        new.created_at,
        now
    )
    .fetch_one(tx)
    .await?)
}

/// The message with this id.
pub(super) async fn find(
    connection: &mut PgConnection,
    id: MessageId,
) -> DbResult<Option<Message>> {
    Ok(sqlx::query_as!(
        Message,
        r#"SELECT id AS "id: MessageId", ticket_id AS "ticket_id: TicketId",
               sender_type AS "sender_type: SenderType", sender_id, sender_name, message,
               attachments AS "attachments: Json<Vec<Attachment>>", is_internal, is_automatic,
               rating, rating_comment, rated_at,
               original_ticket_id AS "original_ticket_id: TicketId", created_at
           FROM ticket_messages WHERE id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The same, locked until the transaction ends.
pub(super) async fn lock(tx: &mut PgConnection, id: MessageId) -> DbResult<Option<Message>> {
    sqlx::query!("SELECT id FROM ticket_messages WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *tx)
        .await?;
    find(tx, id).await
}

/// The messages of a ticket that the scope lets through, oldest first, after `after`.
pub(super) async fn page(
    connection: &mut PgConnection,
    scope: &Scope,
    after: Option<(DateTime<Utc>, MessageId)>,
    offset: i64,
    limit: i64,
) -> DbResult<Vec<Message>> {
    Ok(sqlx::query_as!(
        Message,
        r#"SELECT id AS "id: MessageId", ticket_id AS "ticket_id: TicketId",
               sender_type AS "sender_type: SenderType", sender_id, sender_name, message,
               attachments AS "attachments: Json<Vec<Attachment>>", is_internal, is_automatic,
               rating, rating_comment, rated_at,
               original_ticket_id AS "original_ticket_id: TicketId", created_at
           FROM ticket_messages
           WHERE ticket_id = $1
             AND ($2 OR NOT is_internal AND (original_ticket_id = ANY ($4)
                 OR $3 AND original_ticket_id IS NULL))
             AND (created_at, id) > (COALESCE($5, '-infinity'::timestamptz), $6)
           ORDER BY created_at, id LIMIT $7 OFFSET $8"#,
        scope.ticket.0,
        scope.everything,
        scope.own,
        &origins_of(scope),
        after.map(|(at, _)| at),
        after.map_or(0, |(_, id)| id.0),
        limit,
        offset
    )
    .fetch_all(connection)
    .await?)
}

/// How many messages the scope lets through: exactly where there is no cap.
pub(super) async fn count(
    connection: &mut PgConnection,
    scope: &Scope,
    cap: Option<i64>,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT 1 FROM ticket_messages
           WHERE ticket_id = $1
             AND ($2 OR NOT is_internal AND (original_ticket_id = ANY ($4)
                 OR $3 AND original_ticket_id IS NULL))
           LIMIT $5) AS counted"#,
        scope.ticket.0,
        scope.everything,
        scope.own,
        &origins_of(scope),
        cap
    )
    .fetch_one(connection)
    .await?)
}

/// The newest public message after this one that the scope lets through.
pub(super) async fn newest_after(
    connection: &mut PgConnection,
    scope: &Scope,
    seen: &Message,
) -> DbResult<Option<Message>> {
    Ok(sqlx::query_as!(
        Message,
        r#"SELECT id AS "id: MessageId", ticket_id AS "ticket_id: TicketId",
               sender_type AS "sender_type: SenderType", sender_id, sender_name, message,
               attachments AS "attachments: Json<Vec<Attachment>>", is_internal, is_automatic,
               rating, rating_comment, rated_at,
               original_ticket_id AS "original_ticket_id: TicketId", created_at
           FROM ticket_messages
           WHERE ticket_id = $1 AND NOT is_internal
             AND ($2 OR original_ticket_id = ANY ($4) OR $3 AND original_ticket_id IS NULL)
             AND (created_at, id) > ($5, $6)
           ORDER BY created_at DESC, id DESC LIMIT 1"#,
        scope.ticket.0,
        scope.everything,
        scope.own,
        &origins_of(scope),
        seen.created_at,
        seen.id.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The tickets in which messages of this one were written before they were moved here.
pub(super) async fn origins(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT original_ticket_id AS "id!: TicketId" FROM ticket_messages
           WHERE ticket_id = $1 AND original_ticket_id IS NOT NULL"#,
        ticket.0
    )
    .fetch_all(connection)
    .await?)
}

/// Stores what the customer thinks of a message.
pub(super) async fn rate(
    tx: &mut PgConnection,
    id: MessageId,
    rating: i16,
    comment: Option<&str>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE ticket_messages
         SET rating = $2, rating_comment = $3, rated_at = $4, updated_at = $4 WHERE id = $1",
        id.0,
        rating,
        comment,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn origins_of(scope: &Scope) -> Vec<i64> {
    scope.from.iter().map(|ticket| ticket.0).collect()
}

/// The messages of a ticket without what they say, oldest first.
pub(super) async fn heads(connection: &mut PgConnection, ticket: TicketId) -> DbResult<Vec<Head>> {
    Ok(sqlx::query_as!(
        Head,
        r#"SELECT id AS "id: MessageId", sender_type AS "sender_type: SenderType", is_internal,
               is_automatic, created_at
           FROM ticket_messages WHERE ticket_id = $1 ORDER BY created_at, id"#,
        ticket.0
    )
    .fetch_all(connection)
    .await?)
}
