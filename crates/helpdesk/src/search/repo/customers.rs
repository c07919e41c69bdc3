//! Customers: candidates, the newest first. The statements are not kept prepared, as those of the desk.

use kamhub_postgres::{DbResult, PgConnection};

use crate::search::repo::desk::{MOST, Ranked};

/// Customers whose name or address has words that begin like these, or whose number it is.
pub(in crate::search) async fn by_beginnings(
    connection: &mut PgConnection,
    beginnings: &str,
    number: Option<i64>,
) -> DbResult<Vec<Ranked>> {
    Ok(sqlx::query_as(
        "SELECT id, 1.0::float8 AS score FROM (
             (SELECT id FROM customers
              WHERE to_tsvector('simple', search_plain(name || ' ' || coalesce(email, ''))) @@ $1::text::tsquery LIMIT $3)
             UNION SELECT id FROM customers WHERE external_id = $2) c ORDER BY id DESC LIMIT $3",
    )
    .bind(beginnings)
    .bind(number)
    .bind(MOST)
    .persistent(false)
    .fetch_all(connection)
    .await?)
}

/// The names and addresses of customers that have words which begin like these.
pub(in crate::search) async fn names(
    connection: &mut PgConnection,
    beginnings: &str,
) -> DbResult<Vec<(i64, String)>> {
    Ok(sqlx::query_as(
        "SELECT id, name || ' ' || coalesce(email, '') FROM customers
         WHERE to_tsvector('simple', search_plain(name || ' ' || coalesce(email, ''))) @@ $1::text::tsquery
         ORDER BY id DESC LIMIT $2",
    )
    .bind(beginnings)
    .bind(MOST)
    .persistent(false)
    .fetch_all(connection)
    .await?)
}
