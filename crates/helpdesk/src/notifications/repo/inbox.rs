//! The inbox of each person.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::types::Json;

use crate::ids::{DeliveryId, InboxEntryId, TicketId, UserId};
use crate::notifications::model::{Content, NotificationKind};

/// An entry as it is stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// The id.
    pub id: InboxEntryId,
    /// What it tells.
    pub kind: NotificationKind,
    /// The ticket that it is about.
    pub ticket_id: Option<TicketId>,
    /// What it says.
    pub content: Json<Content>,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
}

/// Enters what a delivery says, once.
pub(in crate::notifications) async fn enter(
    connection: &mut PgConnection,
    user: UserId,
    delivery: DeliveryId,
    ticket: Option<TicketId>,
    content: &Content,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO inbox_entries (user_id, delivery_id, ticket_id, kind, data, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT inbox_entries_delivery_id_key DO NOTHING",
        user.0,
        delivery.0,
        ticket.map(|ticket| ticket.0),
        content.kind as NotificationKind,
        Json(content) as Json<&Content>,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Enters something for several people, apart from those with an unread entry of the same kind by the
/// same author.
pub(in crate::notifications) async fn enter_once_unread(
    connection: &mut PgConnection,
    users: &[UserId],
    content: &Content,
    ticket: Option<TicketId>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let users: Vec<i64> = users.iter().map(|user| user.0).collect();
    sqlx::query!(
        "INSERT INTO inbox_entries (user_id, ticket_id, kind, data, created_at)
         SELECT told, $2, $3, $4, $5 FROM unnest($1::bigint[]) AS told
         WHERE NOT EXISTS (
             SELECT FROM inbox_entries AS known
             WHERE known.user_id = told AND NOT known.is_read AND known.kind = $3
                   AND known.data ->> 'author' IS NOT DISTINCT FROM $6)",
        &users,
        ticket.map(|ticket| ticket.0),
        content.kind as NotificationKind,
        Json(content) as Json<&Content>,
        now,
        content.author,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A person's entries, unread ones first, then newest first, behind `after` where it is given.
pub(in crate::notifications) async fn page(
    connection: &mut PgConnection,
    user: UserId,
    after: Option<(bool, InboxEntryId)>,
    offset: i64,
    limit: i64,
) -> DbResult<Vec<Row>> {
    let (read, id) = after.map_or((None, None), |(read, id)| (Some(read), Some(id.0)));
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: InboxEntryId", kind AS "kind: NotificationKind", ticket_id AS "ticket_id: TicketId",
                  data AS "content: Json<Content>", created_at, read_at
           FROM inbox_entries
           WHERE user_id = $1
                 AND ($2::boolean IS NULL OR is_read > $2 OR (is_read = $2 AND id < $3))
           ORDER BY is_read, id DESC OFFSET $4 LIMIT $5"#,
        user.0,
        read,
        id,
        offset,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// How many entries a person has in all, and how many unread ones; each counted up to `most`.
pub(in crate::notifications) async fn count(
    connection: &mut PgConnection,
    user: UserId,
    most: i64,
) -> DbResult<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM (SELECT FROM inbox_entries WHERE user_id = $1 LIMIT $2) AS a) AS "all!",
                  (SELECT count(*) FROM (SELECT FROM inbox_entries WHERE user_id = $1 AND NOT is_read
                                         LIMIT $2) AS u) AS "unread!""#,
        user.0,
        most,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.all, row.unread))
}

/// Marks one entry as read, where it is not yet; `None` where the person has no such entry.
pub(in crate::notifications) async fn read(
    connection: &mut PgConnection,
    user: UserId,
    id: InboxEntryId,
    now: DateTime<Utc>,
) -> DbResult<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"UPDATE inbox_entries SET read_at = COALESCE(read_at, $3) WHERE user_id = $1 AND id = $2
           RETURNING id AS "id: InboxEntryId", kind AS "kind: NotificationKind", ticket_id AS "ticket_id: TicketId",
                     data AS "content: Json<Content>", created_at, read_at"#,
        user.0,
        id.0,
        now,
    )
    .fetch_optional(connection)
    .await?)
}

/// Marks all entries up to `newest` as read, at most `most` of them; answers how many were unread.
pub(in crate::notifications) async fn read_all(
    connection: &mut PgConnection,
    user: UserId,
    newest: Option<InboxEntryId>,
    most: i64,
    now: DateTime<Utc>,
) -> DbResult<u64> {
    let done = sqlx::query!(
        "UPDATE inbox_entries SET read_at = $3
         WHERE id IN (SELECT id FROM inbox_entries
                      WHERE user_id = $1 AND NOT is_read AND ($2::bigint IS NULL OR id <= $2)
                      ORDER BY id DESC LIMIT $4)",
        user.0,
        newest.map(|id| id.0),
        now,
        most,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
