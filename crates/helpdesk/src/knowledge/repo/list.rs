//! Lists and searches of articles, put together so that each combination gets a plan of its own.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use super::COLUMNS;
use crate::knowledge::model::Language;
use crate::knowledge::service::list::{Filter, ListRequest, SortBy, SortKey, SortOrder};
use crate::knowledge::view::Listed;

/// Characters of the text that an excerpt is made of.
const BEGINNING: i32 = 800;
/// Newest articles that a search ranks; ranking all that have a common word takes too long.
const CANDIDATES: i64 = 1_000;

/// The columns of a [`Listed`].
pub(super) fn listed() -> String {
    format!(
        "{COLUMNS}, left(content, {BEGINNING}) AS beginning, char_length(content) AS characters"
    )
}

/// The rows of a page and, where there may be more, one beyond it.
pub(in crate::knowledge) async fn page(
    connection: &mut PgConnection,
    request: &ListRequest,
) -> DbResult<Vec<Listed>> {
    let mut query = QueryBuilder::new(format!("SELECT {} FROM knowledge_base_articles", listed()));
    conditions(&mut query, &request.filter);
    let column = request.sort_by.column();
    let (direction, sign) = match request.order {
        SortOrder::Asc => ("ASC", ">"),
        SortOrder::Desc => ("DESC", "<"),
    };
    let skip = match &request.page.start {
        Start::Offset(rows) => *rows,
        Start::After(SortKey { value, id, .. }) => {
            query.push(format!(" AND ({column}, id) {sign} ("));
            match request.sort_by {
                SortBy::Views => query.push_bind(*value),
                SortBy::CreatedAt => {
                    query.push_bind(DateTime::<Utc>::from_timestamp_micros(*value))
                }
            };
            query.push(", ").push_bind(*id).push(")");
            0
        }
    };
    query.push(format!(" ORDER BY {column} {direction}, id {direction} LIMIT "));
    query.push_bind(request.page.limit + 1).push(" OFFSET ").push_bind(skip);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// How many rows the filter lets through, up to one beyond the cap.
pub(in crate::knowledge) async fn count(
    connection: &mut PgConnection,
    filter: &Filter,
) -> DbResult<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM knowledge_base_articles");
    conditions(&mut query, filter);
    query.push(" LIMIT ").push_bind(COUNT_CAP + 1).push(") AS counted");
    Ok(query.build_query_scalar().persistent(false).fetch_one(connection).await?)
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    query.push(" WHERE deleted_at IS NULL");
    match filter.published {
        Some(true) => {
            query.push(" AND is_published");
        }
        Some(false) => {
            query.push(" AND NOT is_published");
        }
        None => {}
    }
    match filter.language {
        Some(language) => {
            query.push(" AND language = ").push_bind(language.as_str());
        }
        // Each article once: in the language in which it was written.
        None => {
            query.push(" AND translation_of_id IS NULL");
        }
    }
    if let Some(category) = &filter.category {
        query.push(" AND category = ").push_bind(category.clone());
    }
    if !filter.tags.is_empty() {
        query.push(" AND tags @> ").push_bind(filter.tags.clone());
    }
    if let Some(search) = &filter.search {
        query.push(" AND search_vector @@ websearch_to_tsquery('kamhub', search_fold(");
        query.push_bind(search.clone()).push("))");
    }
}

/// Published articles with all words of `words`, best first, each in the language that fits the
/// words best, and how many there are (of the newest candidates).
pub(in crate::knowledge) async fn search(
    connection: &mut PgConnection,
    words: &str,
    category: Option<&str>,
    language: Option<Language>,
    skip: i64,
    limit: i64,
) -> DbResult<(Vec<Listed>, i64)> {
    let ids = sqlx::query!(
        r#"WITH asked AS MATERIALIZED (
             SELECT websearch_to_tsquery('kamhub', search_fold($1)) AS words),
           candidates AS MATERIALIZED (
             SELECT id, article_id, search_vector FROM knowledge_base_articles, asked
             WHERE search_vector @@ asked.words AND is_published AND deleted_at IS NULL
               AND ($2::text IS NULL OR category = $2) AND ($3::text IS NULL OR language = $3)
             ORDER BY created_at DESC, id DESC LIMIT $4),
           ranked AS MATERIALIZED (
             SELECT DISTINCT ON (article_id) id, ts_rank_cd(search_vector, asked.words, 1) AS rank
             FROM candidates, asked
             ORDER BY article_id, ts_rank_cd(search_vector, asked.words, 1) DESC, id)
           SELECT id AS "id!", (SELECT count(*) FROM ranked) AS "total!"
           FROM ranked ORDER BY rank DESC, id DESC OFFSET $5 LIMIT $6"#,
        words,
        category,
        language.map(Language::as_str),
        CANDIDATES,
        skip,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let total = ids.first().map_or(0, |row| row.total);
    let order: Vec<i64> = ids.iter().map(|row| row.id).collect();
    let sql = format!(
        "SELECT {} FROM knowledge_base_articles WHERE id = ANY ($1) ORDER BY array_position($1, id)",
        listed()
    );
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(&order).fetch_all(connection).await?;
    Ok((rows, total))
}
