//! The SQL of the attachments slice.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::intake::Received;
use super::model::Attachment;
use crate::ids::{ArticleId, AttachmentId, MessageId, TicketId};

/// Notes that something will be written to `key`; answers the object's id.
pub(super) async fn object_begin(
    connection: &mut PgConnection,
    key: &str,
    now: DateTime<Utc>,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO attachment_objects (key, created_at, unreferenced_since) VALUES ($1, $2, $2)
         RETURNING id",
        key,
        now
    )
    .fetch_one(connection)
    .await?)
}

/// Lets one transaction at a time say that this content is there.
pub(super) async fn lock_content(tx: &mut PgConnection, sha256: &[u8]) -> DbResult<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 15))",
        sha256
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The object that has this content already; it will not be collected.
pub(super) async fn object_with(tx: &mut PgConnection, sha256: &[u8]) -> DbResult<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "UPDATE attachment_objects SET unreferenced_since = NULL
         WHERE sha256 = $1 AND deleted_at IS NULL RETURNING id",
        sha256
    )
    .fetch_optional(tx)
    .await?)
}

/// All of the object has arrived. False where it was collected meanwhile.
pub(super) async fn object_arrived(
    tx: &mut PgConnection,
    object: i64,
    received: &Received,
) -> DbResult<bool> {
    let done = sqlx::query!(
        "UPDATE attachment_objects
         SET sha256 = $2, size = $3, media_type = $4, unreferenced_since = NULL
         WHERE id = $1 AND deleted_at IS NULL",
        object,
        &received.sha256[..],
        received.size,
        received.media_type
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The object is not needed: it is removed from the store later.
pub(super) async fn object_condemn(
    connection: &mut PgConnection,
    object: i64,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE attachment_objects SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL",
        object,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores an upload that waits to be used.
pub(super) async fn insert(
    tx: &mut PgConnection,
    object: i64,
    upload_hash: &[u8],
    file_name: &str,
    uploader: Option<&str>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO attachments (object_id, upload_hash, file_name, uploader, created_at)
         VALUES ($1, $2, $3, $4, $5)",
        object,
        upload_hash,
        file_name,
        uploader,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How many bytes the uploads hold that came without credentials and are not used.
pub(super) async fn unclaimed_bytes(connection: &mut PgConnection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce(sum(o.size), 0)::bigint AS "bytes!"
           FROM attachments a JOIN attachment_objects o ON o.id = a.object_id
           WHERE used_at IS NULL AND uploader IS NULL"#
    )
    .fetch_one(connection)
    .await?)
}

/// The upload with this id, locked until the transaction ends.
pub(super) async fn lock_upload(
    tx: &mut PgConnection,
    upload_hash: &[u8],
) -> DbResult<Option<Attachment>> {
    Ok(sqlx::query_as!(
        Attachment,
        r#"SELECT a.id AS "id: AttachmentId", file_name, uploader,
               ticket_id AS "ticket_id: TicketId", message_id AS "message_id: MessageId",
               article_id AS "article_id: ArticleId", used_at, key, media_type AS "media_type!", size AS "size!", sha256 AS "sha256!"
           FROM attachments a JOIN attachment_objects o ON o.id = a.object_id
           WHERE upload_hash = $1 FOR UPDATE OF a"#,
        upload_hash
    )
    .fetch_optional(tx)
    .await?)
}

/// The file with this id.
pub(super) async fn find(
    connection: &mut PgConnection,
    id: AttachmentId,
) -> DbResult<Option<Attachment>> {
    Ok(sqlx::query_as!(
        Attachment,
        r#"SELECT a.id AS "id: AttachmentId", file_name, uploader,
               ticket_id AS "ticket_id: TicketId", message_id AS "message_id: MessageId",
               article_id AS "article_id: ArticleId", used_at, key, media_type AS "media_type!", size AS "size!", sha256 AS "sha256!"
           FROM attachments a JOIN attachment_objects o ON o.id = a.object_id WHERE a.id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Notes who uses these files from now on.
pub(super) async fn used(
    tx: &mut PgConnection,
    files: &[AttachmentId],
    ticket: TicketId,
    message: Option<MessageId>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let files: Vec<i64> = files.iter().map(|id| id.0).collect();
    sqlx::query!(
        "UPDATE attachments SET ticket_id = $2, message_id = $3, used_at = $4 WHERE id = ANY ($1)",
        &files,
        ticket.0,
        message.map(|id| id.0),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that the article uses this file from now on.
pub(super) async fn used_by_article(
    tx: &mut PgConnection,
    file: AttachmentId,
    article: ArticleId,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE attachments SET article_id = $2, used_at = $3 WHERE id = $1",
        file.0,
        article.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The files of an article, in the order in which they were uploaded.
pub(super) async fn of_article(
    connection: &mut PgConnection,
    article: ArticleId,
    most: i64,
) -> DbResult<Vec<Attachment>> {
    Ok(sqlx::query_as!(
        Attachment,
        r#"SELECT a.id AS "id: AttachmentId", file_name, uploader,
               ticket_id AS "ticket_id: TicketId", message_id AS "message_id: MessageId",
               article_id AS "article_id: ArticleId", used_at, key, media_type AS "media_type!",
               size AS "size!", sha256 AS "sha256!"
           FROM attachments a JOIN attachment_objects o ON o.id = a.object_id
           WHERE article_id = $1 ORDER BY a.id LIMIT $2"#,
        article.0,
        most
    )
    .fetch_all(connection)
    .await?)
}

/// Forgets one file of an article, or all of them; answers how many.
pub(super) async fn release(
    tx: &mut PgConnection,
    article: ArticleId,
    file: Option<AttachmentId>,
    now: DateTime<Utc>,
) -> DbResult<usize> {
    let objects = sqlx::query_scalar!(
        "DELETE FROM attachments WHERE article_id = $1 AND ($2::bigint IS NULL OR id = $2)
         RETURNING object_id",
        article.0,
        file.map(|id| id.0)
    )
    .fetch_all(&mut *tx)
    .await?;
    referred_to_no_more(tx, &objects, now).await?;
    Ok(objects.len())
}

/// Notes which of these objects nothing refers to any more.
async fn referred_to_no_more(
    tx: &mut PgConnection,
    objects: &[i64],
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE attachment_objects o SET unreferenced_since = $2
         WHERE id = ANY ($1) AND NOT EXISTS (SELECT FROM attachments WHERE object_id = o.id)",
        objects,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets uploads from before `until` that nobody used; answers how many. What only they referred
/// to is noted as not referred to any more.
pub(super) async fn orphans_forget(
    tx: &mut PgConnection,
    until: DateTime<Utc>,
    most: i64,
    now: DateTime<Utc>,
) -> DbResult<usize> {
    let objects = sqlx::query_scalar!(
        "DELETE FROM attachments WHERE id IN (
             SELECT id FROM attachments WHERE used_at IS NULL AND created_at < $1
             ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING object_id",
        until,
        most
    )
    .fetch_all(&mut *tx)
    .await?;
    referred_to_no_more(tx, &objects, now).await?;
    Ok(objects.len())
}

/// Marks objects that nothing has referred to since before `until`; answers how many.
pub(super) async fn objects_condemn(
    tx: &mut PgConnection,
    until: DateTime<Utc>,
    most: i64,
    now: DateTime<Utc>,
) -> DbResult<u64> {
    let marked = sqlx::query!(
        "UPDATE attachment_objects SET deleted_at = $3 WHERE id IN (
             SELECT id FROM attachment_objects o
             WHERE unreferenced_since < $1 AND deleted_at IS NULL
               AND NOT EXISTS (SELECT FROM attachments WHERE object_id = o.id)
             ORDER BY unreferenced_since, id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        until,
        most,
        now
    )
    .execute(tx)
    .await?;
    Ok(marked.rows_affected())
}

/// Objects that are to leave the store: id and key.
pub(super) async fn objects_to_remove(
    connection: &mut PgConnection,
    most: i64,
) -> DbResult<Vec<(i64, String)>> {
    let rows = sqlx::query!(
        "SELECT id, key FROM attachment_objects WHERE deleted_at IS NOT NULL
         ORDER BY deleted_at, id LIMIT $1",
        most
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.key)).collect())
}

/// Forgets an object that has left the store.
pub(super) async fn object_forget(connection: &mut PgConnection, object: i64) -> DbResult<()> {
    sqlx::query!("DELETE FROM attachment_objects WHERE id = $1 AND deleted_at IS NOT NULL", object)
        .execute(connection)
        .await?;
    Ok(())
}
