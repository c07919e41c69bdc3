//! Which ticket a message belongs to, as far as merge and split change it; the messages themselves
//! are the messages slice's.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::{MessageId, TicketId};

/// What a split looks at in a message.
pub(in crate::tickets) struct Moving {
    pub id: MessageId,
    pub text: String,
    pub created_at: DateTime<Utc>,
    pub is_internal: bool,
    /// Whether the customer wrote it.
    pub is_customers: bool,
    /// Whether it is a public answer of a person.
    pub is_response: bool,
}

/// Those of the messages that are in the ticket, in the order of the conversation.
pub(in crate::tickets) async fn in_ticket(
    tx: &mut PgConnection,
    ticket: TicketId,
    messages: &[MessageId],
) -> DbResult<Vec<Moving>> {
    Ok(sqlx::query_as!(
        Moving,
        r#"SELECT id AS "id: MessageId", message AS text, created_at, is_internal,
               sender_type = 'customer' AS "is_customers!",
               (sender_type = 'agent' AND NOT is_internal AND NOT is_automatic) AS "is_response!"
           FROM ticket_messages WHERE ticket_id = $1 AND id = ANY ($2) ORDER BY created_at, id"#,
        ticket.0,
        &numbers(messages)
    )
    .fetch_all(tx)
    .await?)
}

/// When a person first answered in public, by the messages that the ticket has now.
pub(in crate::tickets) async fn first_response(
    tx: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "SELECT min(created_at) FROM ticket_messages
         WHERE ticket_id = $1 AND sender_type = 'agent' AND NOT is_internal AND NOT is_automatic",
        ticket.0
    )
    .fetch_one(tx)
    .await?)
}

/// Moves every message of a ticket to another one; each keeps where it was first written.
pub(in crate::tickets) async fn everything(
    tx: &mut PgConnection,
    from: TicketId,
    to: TicketId,
) -> DbResult<Vec<MessageId>> {
    Ok(sqlx::query_scalar!(
        r#"UPDATE ticket_messages
           SET ticket_id = $2, original_ticket_id = NULLIF(COALESCE(original_ticket_id, ticket_id), $2)
           WHERE ticket_id = $1 RETURNING id AS "id: MessageId""#,
        from.0,
        to.0
    )
    .fetch_all(tx)
    .await?)
}

/// The same for these messages, as far as they are in the ticket.
pub(in crate::tickets) async fn these(
    tx: &mut PgConnection,
    messages: &[MessageId],
    from: TicketId,
    to: TicketId,
) -> DbResult<Vec<MessageId>> {
    Ok(sqlx::query_scalar!(
        r#"UPDATE ticket_messages
           SET ticket_id = $2, original_ticket_id = NULLIF(COALESCE(original_ticket_id, ticket_id), $2)
           WHERE ticket_id = $1 AND id = ANY ($3) RETURNING id AS "id: MessageId""#,
        from.0,
        to.0,
        &numbers(messages)
    )
    .fetch_all(tx)
    .await?)
}

pub(super) fn numbers(messages: &[MessageId]) -> Vec<i64> {
    messages.iter().map(|message| message.0).collect()
}
