//! Lists and searches of articles, put together so that each combination gets a plan of its own.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use super::COLUMNS;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortKey, SortOrder};
use crate::knowledge::view::Listed;

/// Characters of the text that an excerpt is made of.
const BEGINNING: i32 = 800;

/// Of each article's published rows one: the original, or a translation where that is a draft.
pub(super) const FIRST_PUBLISHED: &str = "(translation_of_id IS NULL OR NOT EXISTS (\
    SELECT FROM knowledge_base_articles AS original \
    WHERE original.id = knowledge_base_articles.translation_of_id AND original.is_published))";

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
                ArticleSortBy::Views => query.push_bind(*value),
                ArticleSortBy::CreatedAt => {
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
        // Each article once: in the language in which it was written; the public finds it in another
        // one where it may not read that.
        None if filter.published == Some(true) => {
            query.push(" AND ").push(FIRST_PUBLISHED);
        }
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

/// These rows, as far as they are published, in their order.
pub(in crate::knowledge) async fn published(
    connection: &mut PgConnection,
    rows: &[i64],
) -> DbResult<Vec<Listed>> {
    let sql = format!(
        "SELECT {} FROM knowledge_base_articles WHERE id = ANY ($1) AND is_published AND deleted_at IS NULL \
         ORDER BY array_position($1, id)",
        listed()
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(rows).fetch_all(connection).await?)
}
