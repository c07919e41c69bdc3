//! The SQL of the knowledge slice.

pub(super) mod categories;
pub(super) mod list;
pub(super) mod reports;
pub(super) mod versions;
pub(super) mod views;
pub(super) mod votes;

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::model::{Address, Article, Content, Found, NewArticle};
use crate::ids::{AgentId, ArticleId, ArticleRowId};

/// The columns of an [`Article`], for statements that are put together.
pub(super) const COLUMNS: &str = "id AS row_id, article_id, translation_of_id, title, slug, \
    category, tags, language, author_id, is_published, published_at, publish_at, views, \
    helpful_votes, unhelpful_votes, version, draft_version, created_at, updated_at";

/// How many numbers are tried behind a slug before it is given up.
const MOST_TWINS: i32 = 1_000;

/// Every language of an article that is not deleted, the original first.
pub(super) async fn find(connection: &mut PgConnection, address: &Address) -> DbResult<Vec<Found>> {
    look_up(connection, address, "").await
}

/// The same, locked until the transaction ends.
pub(super) async fn lock(tx: &mut PgConnection, address: &Address) -> DbResult<Vec<Found>> {
    look_up(tx, address, " FOR UPDATE OF knowledge_base_articles").await
}

async fn look_up(
    connection: &mut PgConnection,
    address: &Address,
    suffix: &str,
) -> DbResult<Vec<Found>> {
    let order = "ORDER BY translation_of_id NULLS FIRST, id";
    let rows = match address {
        Address::Id(id) => {
            let sql = format!(
                "SELECT {COLUMNS}, id = $1 AS addressed FROM knowledge_base_articles \
                 WHERE deleted_at IS NULL AND article_id = (SELECT article_id \
                     FROM knowledge_base_articles WHERE id = $1) {order}{suffix}"
            );
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(*id).fetch_all(connection).await?
        }
        Address::Slug(slug) => {
            let sql = format!(
                "WITH named AS MATERIALIZED (\
                     SELECT id AS named_row, article_id AS named_article, 1 AS place \
                     FROM knowledge_base_articles WHERE slug = $1 AND deleted_at IS NULL \
                     UNION ALL \
                     SELECT row.id, row.article_id, 2 FROM knowledge_base_former_slugs AS former \
                     JOIN knowledge_base_articles AS row ON row.id = former.row_id \
                     WHERE former.slug = $1 AND row.deleted_at IS NULL \
                     ORDER BY place LIMIT 1) \
                 SELECT {COLUMNS}, id = (SELECT named_row FROM named) AS addressed \
                 FROM knowledge_base_articles WHERE deleted_at IS NULL \
                     AND article_id = (SELECT named_article FROM named) {order}{suffix}"
            );
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(slug).fetch_all(connection).await?
        }
    };
    Ok(rows)
}

/// The text of a row.
pub(super) async fn text(
    connection: &mut PgConnection,
    row: ArticleRowId,
) -> DbResult<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT content FROM knowledge_base_articles WHERE id = $1", row.0)
        .fetch_optional(connection)
        .await?)
}

/// Stores a new article or translation under the first free of `slug`, `slug-2`, `slug-3` …; only
/// under `slug` itself where it was asked for. `None` where there is none, or the language is
/// there already.
pub(super) async fn insert(
    tx: &mut PgConnection,
    new: &NewArticle,
    slug: &str,
    author: Option<AgentId>,
    now: DateTime<Utc>,
) -> DbResult<Option<ArticleRowId>> {
    for candidate in candidates(tx, slug, new.slug.is_some()).await? {
        let row = sqlx::query_scalar!(
            "INSERT INTO knowledge_base_articles (title, slug, content, category, tags, language,
                 author_id, is_published, published_at, publish_at, translation_of_id, views,
                 helpful_votes, unhelpful_votes, created_at, updated_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8 THEN $9::timestamptz END, $10, $11,
                 coalesce(original.views, 0), coalesce(original.helpful_votes, 0),
                 coalesce(original.unhelpful_votes, 0), $9::timestamptz, $9::timestamptz
             FROM (SELECT $11::bigint AS wanted) AS given
             LEFT JOIN knowledge_base_articles AS original ON original.id = given.wanted
             ON CONFLICT DO NOTHING RETURNING id",
            new.content.title,
            candidate,
            new.content.content,
            new.content.category,
            &new.content.tags,
            new.language.as_str(),
            author.map(|id| id.0),
            new.publish,
            now,
            new.publish_at,
            new.translation_of.map(|id| id.0)
        )
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = row {
            return Ok(Some(ArticleRowId(row)));
        }
    }
    Ok(None)
}

/// Free slugs, best first; somebody may take one before it is used.
pub(super) async fn candidates(
    tx: &mut PgConnection,
    slug: &str,
    exactly: bool,
) -> DbResult<Vec<String>> {
    let most = if exactly { 1 } else { MOST_TWINS };
    let free = sqlx::query_scalar!(
        r#"SELECT candidate AS "candidate!" FROM (
             SELECT number, CASE number WHEN 1 THEN $1 ELSE $1 || '-' || number END AS candidate
             FROM generate_series(1, $2) AS number) AS candidates
           WHERE NOT EXISTS (SELECT FROM knowledge_base_articles AS taken
               WHERE taken.slug = candidate AND taken.deleted_at IS NULL)
             AND NOT EXISTS (SELECT FROM knowledge_base_former_slugs AS former
               JOIN knowledge_base_articles AS owner ON owner.id = former.row_id
               WHERE former.slug = candidate AND owner.deleted_at IS NULL)
           ORDER BY number LIMIT 3"#,
        slug,
        most
    )
    .fetch_all(tx)
    .await?;
    Ok(free)
}

/// Whether a slug is another row's, now or before.
pub(super) async fn slug_is_taken(
    tx: &mut PgConnection,
    slug: &str,
    row: ArticleRowId,
) -> DbResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM knowledge_base_articles
               WHERE slug = $1 AND id <> $2 AND deleted_at IS NULL)
             OR EXISTS (SELECT FROM knowledge_base_former_slugs AS former
               JOIN knowledge_base_articles AS owner ON owner.id = former.row_id
               WHERE former.slug = $1 AND former.row_id <> $2 AND owner.deleted_at IS NULL)
           AS "taken!""#,
        slug,
        row.0
    )
    .fetch_one(tx)
    .await?)
}

/// Keeps an address that the row had; one that it takes back is no former one any more.
pub(super) async fn retire_slug(
    tx: &mut PgConnection,
    old: &str,
    new: &str,
    row: ArticleRowId,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!("DELETE FROM knowledge_base_former_slugs WHERE slug = $1", new)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "INSERT INTO knowledge_base_former_slugs (slug, row_id, retired_at) VALUES ($1, $2, $3)
         ON CONFLICT (slug) DO UPDATE SET row_id = EXCLUDED.row_id, retired_at = EXCLUDED.retired_at",
        old,
        row.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes everything of a row that an edit can change, and its text where one is given.
pub(super) async fn update(
    tx: &mut PgConnection,
    article: &Article,
    text: Option<&str>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE knowledge_base_articles SET title = $2, slug = $3, content = coalesce($4, content),
             category = $5, tags = $6, is_published = $7, published_at = $8, publish_at = $9,
             version = $10, draft_version = $11, updated_at = $12
         WHERE id = $1",
        article.row_id.0,
        article.title,
        article.slug,
        text,
        article.category,
        &article.tags,
        article.is_published,
        article.published_at,
        article.publish_at,
        article.version,
        article.draft_version,
        article.updated_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives the other languages of an article its category and tags.
pub(super) async fn spread_labels(
    tx: &mut PgConnection,
    article: &Article,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE knowledge_base_articles SET category = $3, tags = $4, version = version + 1,
             updated_at = $5
         WHERE article_id = $1 AND id <> $2 AND deleted_at IS NULL
           AND (category, tags) IS DISTINCT FROM ($3, $4)",
        article.article_id.0,
        article.row_id.0,
        article.category,
        &article.tags,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether the public reads the article in any language; `None` where it is deleted.
pub(super) async fn is_published(
    connection: &mut PgConnection,
    article: ArticleId,
) -> DbResult<Option<bool>> {
    Ok(sqlx::query_scalar!(
        "SELECT bool_or(is_published) FROM knowledge_base_articles
         WHERE article_id = $1 AND deleted_at IS NULL",
        article.0
    )
    .fetch_one(connection)
    .await?)
}

/// Takes rows of an article out of everybody's sight: one language, or all.
pub(super) async fn delete(
    tx: &mut PgConnection,
    article: ArticleId,
    row: Option<ArticleRowId>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE knowledge_base_articles SET deleted_at = $3, version = version + 1, updated_at = $3,
             publish_at = NULL
         WHERE article_id = $1 AND ($2::bigint IS NULL OR id = $2) AND deleted_at IS NULL",
        article.0,
        row.map(|id| id.0),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The category's name as it is written, where there is such a category.
pub(super) async fn category_named(
    connection: &mut PgConnection,
    name: &str,
) -> DbResult<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT name FROM knowledge_categories WHERE lower(name) = lower($1)",
        name
    )
    .fetch_optional(connection)
    .await?)
}

/// An article whose publication is due, locked; those that others work on are passed over.
pub(super) async fn due(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
) -> DbResult<Option<ArticleRowId>> {
    let row = sqlx::query_scalar!(
        "SELECT id FROM knowledge_base_articles WHERE publish_at <= $1 AND deleted_at IS NULL
         ORDER BY publish_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        now
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(ArticleRowId))
}

/// The number that stands for everything that lists of this kind can show.
pub(super) async fn generation(connection: &mut PgConnection, scope: &str) -> DbResult<i64> {
    Ok(sqlx::query_scalar!("SELECT generation FROM knowledge_generations WHERE scope = $1", scope)
        .fetch_one(connection)
        .await?)
}

/// What a row says now, for a version of it.
pub(super) fn content_of(article: &Article, text: String) -> Content {
    Content {
        title: article.title.clone(),
        content: text,
        category: article.category.clone(),
        tags: article.tags.clone(),
    }
}
