//! The SQL of the faq slice.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use super::model::{Faq, Filter, ListRequest, SortKey, Wording};
use crate::ids::FaqId;
use crate::language::Language;

const COLUMNS: &str = "id, question, answer, category, priority, language, views, version, \
    created_at, updated_at";

/// The most categories that are counted.
const MOST_CATEGORIES: i64 = 500;

/// Stores a question.
pub(super) async fn insert(
    tx: &mut PgConnection,
    new: &Wording,
    now: DateTime<Utc>,
) -> DbResult<Faq> {
    let sql = format!(
        "INSERT INTO faqs (question, answer, category, priority, language, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING {COLUMNS}"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(&new.question)
        .bind(&new.answer)
        .bind(&new.category)
        .bind(new.priority)
        .bind(new.language)
        .bind(now)
        .fetch_one(tx)
        .await?)
}

/// The question with this id, unless it is deleted.
pub(super) async fn find(connection: &mut PgConnection, id: FaqId) -> DbResult<Option<Faq>> {
    let sql = format!("SELECT {COLUMNS} FROM faqs WHERE id = $1 AND deleted_at IS NULL");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(connection).await?)
}

/// The same, locked until the transaction ends.
pub(super) async fn lock(tx: &mut PgConnection, id: FaqId) -> DbResult<Option<Faq>> {
    let sql = format!("SELECT {COLUMNS} FROM faqs WHERE id = $1 AND deleted_at IS NULL FOR UPDATE");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx).await?)
}

/// Writes everything of a question that can change.
pub(super) async fn update(
    tx: &mut PgConnection,
    id: FaqId,
    wording: &Wording,
    version: i32,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE faqs SET question = $2, answer = $3, category = $4, priority = $5, language = $6,
             version = $7, updated_at = $8
         WHERE id = $1",
        id.0,
        wording.question,
        wording.answer,
        wording.category,
        wording.priority,
        wording.language.as_str(),
        version,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes a question out of everybody's sight.
pub(super) async fn delete(tx: &mut PgConnection, id: FaqId, now: DateTime<Utc>) -> DbResult<()> {
    sqlx::query!(
        "UPDATE faqs SET deleted_at = $2, version = version + 1, updated_at = $2 WHERE id = $1",
        id.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The rows of a page and, where there may be more, one beyond it.
pub(super) async fn page(
    connection: &mut PgConnection,
    request: &ListRequest,
) -> DbResult<Vec<Faq>> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM faqs"));
    conditions(&mut query, &request.filter);
    let skip = match &request.page.start {
        Start::Offset(rows) => *rows,
        Start::After(SortKey { priority, views, faq }) => {
            // The first comparison bounds the index; the others pass over what was shown.
            query.push(" AND priority <= ").push_bind(*priority);
            query.push(" AND ((priority, views) < (").push_bind(*priority);
            query.push(", ").push_bind(*views).push(") OR (priority = ").push_bind(*priority);
            query.push(" AND views = ").push_bind(*views);
            query.push(" AND id > ").push_bind(*faq).push("))");
            0
        }
    };
    query.push(" ORDER BY priority DESC, views DESC, id LIMIT ");
    query.push_bind(request.page.limit + 1).push(" OFFSET ").push_bind(skip);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// How many rows the filter lets through, up to one beyond the cap.
pub(super) async fn count(connection: &mut PgConnection, filter: &Filter) -> DbResult<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM faqs");
    conditions(&mut query, filter);
    query.push(" LIMIT ").push_bind(COUNT_CAP + 1).push(") AS counted");
    Ok(query.build_query_scalar().persistent(false).fetch_one(connection).await?)
}

/// How many questions of a language each category has.
pub(super) async fn standing(
    connection: &mut PgConnection,
    language: Language,
) -> DbResult<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT category, count(*) AS "number!" FROM faqs
           WHERE language = $1 AND deleted_at IS NULL GROUP BY category LIMIT $2"#,
        language.as_str(),
        MOST_CATEGORIES
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.category, row.number)).collect())
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    query.push(" WHERE deleted_at IS NULL");
    if let Some(category) = &filter.category {
        query.push(" AND category = ").push_bind(category.clone());
    }
    if let Some(language) = filter.language {
        query.push(" AND language = ").push_bind(language);
    }
}
