//! Lists of feedback, surveys and follow-ups. Filters are put together, so that each combination
//! gets a plan of its own; each list walks an index from its end.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, PageRequest, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use super::COLUMNS;
use crate::feedback::model::{Feedback, Survey};
use crate::feedback::service::list::{Filter, SortKey};

/// The rows of a page, newest first, and, where there may be more, one beyond it. Where a rating or
/// an agent is asked for, each rating is walked by itself: however rare the wanted ones are, no
/// other row is passed on the way.
pub(in crate::feedback) async fn page(
    connection: &mut PgConnection,
    filter: &Filter,
    page: &PageRequest<SortKey>,
) -> DbResult<Vec<Feedback>> {
    let (skip, rows) = window(page);
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM ("));
    let ratings: Vec<i16> = (filter.rating_min..=filter.rating_max).collect();
    let by_rating = filter.customer_id.is_none() && (filter.agent.is_some() || ratings.len() < 5);
    if by_rating {
        for (place, rating) in ratings.iter().enumerate() {
            query.push(if place == 0 { "(" } else { " UNION ALL (" });
            candidates(&mut query, filter, &[*rating], page);
            query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_bind(skip + rows);
            query.push(")");
        }
    } else {
        candidates(&mut query, filter, &ratings, page);
    }
    query.push(") AS found ORDER BY created_at DESC, id DESC LIMIT ").push_bind(rows);
    query.push(" OFFSET ").push_bind(skip);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

fn candidates(
    query: &mut QueryBuilder<Postgres>,
    filter: &Filter,
    ratings: &[i16],
    page: &PageRequest<SortKey>,
) {
    query.push(format!("SELECT {COLUMNS} FROM feedback WHERE true"));
    conditions(query, filter, ratings);
    if let Start::After(key) = &page.start {
        query.push(" AND (created_at, id) < (").push_bind(key.at);
        query.push(", ").push_bind(key.id).push(")");
    }
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter, ratings: &[i16]) {
    if let Some(agent) = filter.agent {
        query.push(" AND agent_id = ").push_bind(agent);
    }
    if let Some(customer) = filter.customer_id {
        query.push(" AND customer_id = ").push_bind(customer);
    }
    match ratings {
        [rating] => {
            query.push(" AND rating = ").push_bind(*rating);
        }
        several if several.len() < 5 => {
            query.push(" AND rating = ANY (").push_bind(several.to_vec()).push(")");
        }
        _ => {}
    }
}

/// How many rows the filter lets through, up to one beyond the cap.
pub(in crate::feedback) async fn count(
    connection: &mut PgConnection,
    filter: &Filter,
) -> DbResult<i64> {
    let ratings: Vec<i16> = (filter.rating_min..=filter.rating_max).collect();
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM feedback WHERE true");
    conditions(&mut query, filter, &ratings);
    query.push(" LIMIT ").push_bind(COUNT_CAP + 1).push(") AS counted");
    Ok(query.build_query_scalar().persistent(false).fetch_one(connection).await?)
}

/// The newest surveys, and one beyond the page.
pub(in crate::feedback) async fn surveys(
    connection: &mut PgConnection,
    page: &PageRequest<SortKey>,
) -> DbResult<Vec<Survey>> {
    let (skip, rows) = window(page);
    let after = after(page);
    Ok(sqlx::query_as(
        "SELECT id, customer_id, requester_id, email, overall_rating, support_quality,
             response_time, resolution, nps_score, ces_score, comment, created_at
         FROM surveys WHERE (created_at, id) < (COALESCE($1, 'infinity'::timestamptz), $2)
         ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4",
    )
    .bind(after.map(|(at, _)| at))
    .bind(after.map_or(i64::MAX, |(_, id)| id))
    .bind(rows)
    .bind(skip)
    .fetch_all(connection)
    .await?)
}

/// How many surveys there are, up to one beyond the cap.
pub(in crate::feedback) async fn surveys_count(connection: &mut PgConnection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM surveys LIMIT $1) AS counted"#,
        COUNT_CAP + 1
    )
    .fetch_one(connection)
    .await?)
}

/// Tasks for the supervisor, and one beyond the page: open ones oldest first, done ones newest first.
pub(in crate::feedback) async fn follow_ups(
    connection: &mut PgConnection,
    done: bool,
    page: &PageRequest<SortKey>,
) -> DbResult<Vec<Feedback>> {
    let (skip, rows) = window(page);
    let after = after(page);
    let sql = if done {
        format!(
            "SELECT {COLUMNS} FROM feedback WHERE follow_up_done_at IS NOT NULL \
             AND (follow_up_done_at, id) < (COALESCE($1, 'infinity'::timestamptz), $2) \
             ORDER BY follow_up_done_at DESC, id DESC LIMIT $3 OFFSET $4"
        )
    } else {
        format!(
            "SELECT {COLUMNS} FROM feedback WHERE follow_up_required AND follow_up_done_at IS NULL \
             AND (created_at, id) > (COALESCE($1, '-infinity'::timestamptz), $2) \
             ORDER BY created_at, id LIMIT $3 OFFSET $4"
        )
    };
    let beyond = if done { i64::MAX } else { 0 };
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after.map(|(at, _)| at))
        .bind(after.map_or(beyond, |(_, id)| id))
        .bind(rows)
        .bind(skip)
        .fetch_all(connection)
        .await?)
}

/// How many such tasks there are, up to one beyond the cap.
pub(in crate::feedback) async fn follow_ups_count(
    connection: &mut PgConnection,
    done: bool,
) -> DbResult<i64> {
    let sql = if done {
        "SELECT count(*) FROM (SELECT FROM feedback WHERE follow_up_done_at IS NOT NULL LIMIT $1) AS counted"
    } else {
        "SELECT count(*) FROM (SELECT FROM feedback
         WHERE follow_up_required AND follow_up_done_at IS NULL LIMIT $1) AS counted"
    };
    Ok(sqlx::query_scalar(sql).bind(COUNT_CAP + 1).fetch_one(connection).await?)
}

fn after(page: &PageRequest<SortKey>) -> Option<(DateTime<Utc>, i64)> {
    match &page.start {
        Start::Offset(_) => None,
        Start::After(key) => Some((key.at, key.id)),
    }
}

/// How many rows are passed over, and how many are read: one more than the page has.
fn window(page: &PageRequest<SortKey>) -> (i64, i64) {
    let skip = match page.start {
        Start::Offset(rows) => rows,
        Start::After(_) => 0,
    };
    (skip, page.limit + 1)
}
