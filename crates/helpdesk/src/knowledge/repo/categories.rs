//! Categories.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::KnowledgeCategoryId;
use crate::knowledge::service::categories::{KnowledgeCategory, Naming};
use crate::language::Language;

/// The most categories that are listed.
const MOST: i64 = 500;

/// All categories in their order, with the published articles of each.
pub(in crate::knowledge) async fn list(
    connection: &mut PgConnection,
) -> DbResult<Vec<KnowledgeCategory>> {
    Ok(sqlx::query_as(
        "SELECT category.*, (SELECT count(*) FROM knowledge_base_articles AS article
             WHERE article.category = category.name AND article.is_published
               AND article.deleted_at IS NULL AND article.translation_of_id IS NULL) AS articles
         FROM knowledge_categories AS category ORDER BY position, id LIMIT $1",
    )
    .bind(MOST)
    .fetch_all(connection)
    .await?)
}

/// How many published articles of a language each category has.
pub(in crate::knowledge) async fn standing(
    connection: &mut PgConnection,
    language: Language,
) -> DbResult<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT category, count(*) AS "number!" FROM knowledge_base_articles
           WHERE language = $1 AND is_published AND deleted_at IS NULL
           GROUP BY category LIMIT $2"#,
        language.as_str(),
        MOST
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.category, row.number)).collect())
}

/// One of them, locked until the transaction ends.
pub(in crate::knowledge) async fn lock(
    tx: &mut PgConnection,
    id: KnowledgeCategoryId,
) -> DbResult<Option<KnowledgeCategory>> {
    Ok(sqlx::query_as(
        "SELECT category.*, (SELECT count(*) FROM knowledge_base_articles AS article
             WHERE article.category = category.name AND article.is_published
               AND article.deleted_at IS NULL AND article.translation_of_id IS NULL) AS articles
         FROM knowledge_categories AS category WHERE id = $1 FOR UPDATE OF category",
    )
    .bind(id)
    .fetch_optional(tx)
    .await?)
}

/// The place after all others.
pub(in crate::knowledge) async fn last_position(connection: &mut PgConnection) -> DbResult<i32> {
    Ok(sqlx::query_scalar!(
        r#"SELECT least(coalesce(max(position), 0) + 1, 100000) AS "position!"
           FROM knowledge_categories"#
    )
    .fetch_one(connection)
    .await?)
}

/// Stores a category.
pub(in crate::knowledge) async fn insert(
    tx: &mut PgConnection,
    naming: &Naming,
    now: DateTime<Utc>,
) -> DbResult<KnowledgeCategoryId> {
    let id = sqlx::query_scalar!(
        "INSERT INTO knowledge_categories (name, title_ru, title_en, icon, position, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        naming.name,
        naming.title_ru,
        naming.title_en,
        naming.icon,
        naming.position,
        now
    )
    .fetch_one(tx)
    .await?;
    Ok(KnowledgeCategoryId(id))
}

/// Writes everything of a category that can change.
pub(in crate::knowledge) async fn update(
    tx: &mut PgConnection,
    id: KnowledgeCategoryId,
    naming: &Naming,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE knowledge_categories SET name = $2, title_ru = $3, title_en = $4, icon = $5,
             position = $6, version = version + 1, updated_at = $7
         WHERE id = $1",
        id.0,
        naming.name,
        naming.title_ru,
        naming.title_en,
        naming.icon,
        naming.position,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps a name that the category had; one that it takes back is no former one any more.
pub(in crate::knowledge) async fn retire_name(
    tx: &mut PgConnection,
    id: KnowledgeCategoryId,
    old: &str,
    new: &str,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!("DELETE FROM knowledge_category_former_names WHERE name = lower($1)", new)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "INSERT INTO knowledge_category_former_names (name, category_id, retired_at) VALUES (lower($1), $2, $3)
         ON CONFLICT (name) DO UPDATE SET category_id = EXCLUDED.category_id, retired_at = EXCLUDED.retired_at",
        old,
        id.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The name as it is written of the category that has this name, or else of the one that had it.
pub(in crate::knowledge) async fn present_name(
    connection: &mut PgConnection,
    name: &str,
) -> DbResult<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce(
               (SELECT name FROM knowledge_categories WHERE lower(name) = lower($1)),
               (SELECT category.name FROM knowledge_category_former_names AS former
                JOIN knowledge_categories AS category ON category.id = former.category_id
                WHERE former.name = lower($1))) AS name"#,
        name
    )
    .fetch_one(connection)
    .await?)
}

/// Deletes a category; the database refuses where something is in it.
pub(in crate::knowledge) async fn delete(
    tx: &mut PgConnection,
    id: KnowledgeCategoryId,
) -> DbResult<()> {
    sqlx::query!("DELETE FROM knowledge_categories WHERE id = $1", id.0).execute(tx).await?;
    Ok(())
}
