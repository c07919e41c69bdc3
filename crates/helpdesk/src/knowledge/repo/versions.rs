//! Versions of articles.

use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::ArticleRowId;
use crate::knowledge::model::{Change, Content};
use crate::knowledge::service::versions::VersionSummary;

/// Keeps what a row says now as the version that it has, where that is not kept yet: rows that
/// came with an import, or got the labels of another language.
pub(in crate::knowledge) async fn keep_current(
    tx: &mut PgConnection,
    row: ArticleRowId,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO knowledge_base_versions (row_id, number, change, title, content, category, tags,
             actor_kind, actor_name, created_at)
         SELECT id, version, CASE version WHEN 1 THEN 'created' ELSE 'edited' END, title, content,
             category, tags, 'system', 'import', updated_at
         FROM knowledge_base_articles WHERE id = $1
         ON CONFLICT DO NOTHING",
        row.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps a version.
pub(in crate::knowledge) async fn keep(
    tx: &mut PgConnection,
    row: ArticleRowId,
    number: i32,
    change: Change,
    content: &Content,
    actor: &Actor,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO knowledge_base_versions (row_id, number, change, title, content, category, tags,
             actor_kind, actor_id, actor_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        row.0,
        number,
        change.as_str(),
        content.title,
        content.content,
        content.category,
        &content.tags,
        actor.kind(),
        actor.id(),
        actor.name(),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What a version says.
pub(in crate::knowledge) async fn content(
    connection: &mut PgConnection,
    row: ArticleRowId,
    number: i32,
) -> DbResult<Option<Content>> {
    Ok(sqlx::query_as!(
        Content,
        "SELECT title, content, category, tags FROM knowledge_base_versions
         WHERE row_id = $1 AND number = $2",
        row.0,
        number
    )
    .fetch_optional(connection)
    .await?)
}

/// What the row itself said when the draft with this number was saved.
pub(in crate::knowledge) async fn before_draft(
    connection: &mut PgConnection,
    row: ArticleRowId,
    draft: i32,
) -> DbResult<Option<Content>> {
    Ok(sqlx::query_as!(
        Content,
        "SELECT title, content, category, tags FROM knowledge_base_versions
         WHERE row_id = $1 AND number < $2 AND change <> 'drafted' ORDER BY number DESC LIMIT 1",
        row.0,
        draft
    )
    .fetch_optional(connection)
    .await?)
}

/// Gives the versions of a category its new name: what comes back out of them is in it still.
pub(in crate::knowledge) async fn rename_category(
    tx: &mut PgConnection,
    old: &str,
    new: &str,
) -> DbResult<()> {
    sqlx::query!("UPDATE knowledge_base_versions SET category = $2 WHERE category = $1", old, new)
        .execute(tx)
        .await?;
    Ok(())
}

/// Versions from before one, newest first.
pub(in crate::knowledge) async fn page(
    connection: &mut PgConnection,
    row: ArticleRowId,
    before: i32,
    limit: i64,
) -> DbResult<Vec<VersionSummary>> {
    Ok(sqlx::query_as(
        "SELECT number, change, title, category, tags, actor_kind, actor_name, created_at
         FROM knowledge_base_versions WHERE row_id = $1 AND number < $2
         ORDER BY number DESC LIMIT $3",
    )
    .bind(row)
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await?)
}

/// How many versions there are, up to `most`.
pub(in crate::knowledge) async fn count(
    connection: &mut PgConnection,
    row: ArticleRowId,
    most: i64,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
             SELECT FROM knowledge_base_versions WHERE row_id = $1 LIMIT $2) AS counted"#,
        row.0,
        most
    )
    .fetch_one(connection)
    .await?)
}
