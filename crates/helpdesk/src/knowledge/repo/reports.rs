//! What readers miss, and what stands beside an article.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::COLUMNS;
use super::list::{FIRST_PUBLISHED, listed};
use crate::ids::{ArticleId, ArticleRowId};
use crate::knowledge::model::Article;
use crate::knowledge::service::reports::{Comment, MissedSearch};
use crate::knowledge::view::Listed;

/// Neighbours that are compared with an article, of each kind.
const NEIGHBOURS: i64 = 100;

/// Published articles in the language of a row that share its tags, its category or the words of
/// its title, the nearest first.
pub(in crate::knowledge) async fn related(
    connection: &mut PgConnection,
    row: ArticleRowId,
    limit: i64,
) -> DbResult<Vec<Listed>> {
    let open = "is_published AND deleted_at IS NULL";
    let sql = format!(
        "WITH given AS MATERIALIZED (
             SELECT article_id AS own, language AS wanted, title AS name, category AS shelf, tags AS marks,
                 replace(plainto_tsquery('russian', search_fold(title))::text, '&', '|')::tsquery AS words
             FROM knowledge_base_articles WHERE id = $1),
         near AS MATERIALIZED (
             (SELECT id FROM knowledge_base_articles, given WHERE tags && marks AND {open}
                 AND language = wanted AND article_id <> own ORDER BY created_at DESC LIMIT $2)
             UNION
             (SELECT id FROM knowledge_base_articles, given WHERE category = shelf AND {open}
                 AND language = wanted AND article_id <> own ORDER BY created_at DESC LIMIT $2)
             UNION
             (SELECT id FROM knowledge_base_articles, given WHERE search_vector @@ words AND {open}
                 AND language = wanted AND article_id <> own ORDER BY created_at DESC LIMIT $2))
         SELECT {columns} FROM knowledge_base_articles JOIN near USING (id), given
         ORDER BY 2 * (SELECT count(*) FROM unnest(tags) AS tag WHERE tag = ANY (marks))
             + (category = shelf)::int + 4 * ts_rank(search_vector, words)
             + 2 * similarity(lower(title), lower(name)) DESC, id LIMIT $3",
        columns = listed()
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(row)
        .bind(NEIGHBOURS)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// Published articles that at least as many found unhelpful as helpful and that somebody has read,
/// the most blamed first; those after `after` (unhelpful votes, views, id).
pub(in crate::knowledge) async fn unhelpful(
    connection: &mut PgConnection,
    after: (i32, i64, i64),
    limit: i64,
) -> DbResult<Vec<Article>> {
    // Two looks, so that the originals come out of their index.
    let some = |rows: &str| {
        format!(
            "(SELECT {COLUMNS} FROM knowledge_base_articles
              WHERE is_published AND deleted_at IS NULL AND {rows}
                  AND helpful_votes <= unhelpful_votes AND (unhelpful_votes > 0 OR views > 0)
                  AND (unhelpful_votes, views, id) < ($1, $2, $3)
              ORDER BY unhelpful_votes DESC, views DESC, id DESC LIMIT $4)"
        )
    };
    let originals = some("translation_of_id IS NULL");
    let others = some(&format!("translation_of_id IS NOT NULL AND {FIRST_PUBLISHED}"));
    let sql = format!(
        "{originals} UNION ALL {others} \
         ORDER BY unhelpful_votes DESC, views DESC, row_id DESC LIMIT $4"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.0)
        .bind(after.1)
        .bind(after.2)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// The last comments of votes on an article.
pub(in crate::knowledge) async fn comments(
    connection: &mut PgConnection,
    article: ArticleId,
    limit: i64,
) -> DbResult<Vec<Comment>> {
    Ok(sqlx::query_as!(
        Comment,
        r#"SELECT helpful, comment AS "comment!", voted_at FROM knowledge_base_votes
           WHERE article_id = $1 AND comment IS NOT NULL ORDER BY voted_at DESC LIMIT $2"#,
        article.0,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// Counts a search that found nothing.
pub(in crate::knowledge) async fn miss(
    connection: &mut PgConnection,
    query: &str,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO knowledge_search_misses AS known (query, first_at, last_at) VALUES ($1, $2, $2)
         ON CONFLICT (query) DO UPDATE SET misses = known.misses + 1, last_at = EXCLUDED.last_at",
        query,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Searches that found nothing, the most frequent first; those after `after` (misses, query).
pub(in crate::knowledge) async fn misses(
    connection: &mut PgConnection,
    after: Option<(i64, &str)>,
    limit: i64,
) -> DbResult<Vec<MissedSearch>> {
    Ok(sqlx::query_as!(
        MissedSearch,
        "SELECT query, misses, first_at, last_at FROM knowledge_search_misses
         WHERE $1::bigint IS NULL OR (misses, query) < ($1, $2::text)
         ORDER BY misses DESC, query DESC LIMIT $3",
        after.map(|(misses, _)| misses),
        after.map(|(_, query)| query),
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// Forgets misses from before `until`, and beyond the `most` most frequent; answers how many.
pub(in crate::knowledge) async fn forget_misses(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
    most: i64,
) -> DbResult<u64> {
    let gone = sqlx::query!(
        "DELETE FROM knowledge_search_misses WHERE last_at < $1 OR query IN (
             SELECT query FROM knowledge_search_misses ORDER BY misses DESC, last_at DESC OFFSET $2)",
        until,
        most
    )
    .execute(connection)
    .await?;
    Ok(gone.rows_affected())
}
