//! The search over published articles that the knowledge base answers with its own summaries.

use kamhub_cache::Cache;
use kamhub_postgres::PgConnection;

use super::{WordMemory, find};
use crate::knowledge::service as knowledge;
use crate::knowledge::view::ArticleSummary;
use crate::search::error::Error;
use crate::search::model::Request;

/// A page of the published articles that fit, and how many there are.
///
/// # Errors
/// A database fault.
pub async fn page(
    connection: &mut PgConnection,
    cache: &Cache,
    memory: &WordMemory,
    mut request: Request,
) -> Result<(Vec<ArticleSummary>, i64), Error> {
    let (limit, skip) = (std::mem::take(&mut request.limit), std::mem::take(&mut request.skip));
    let rows = find::articles(connection, cache, memory, &request).await?;
    let page: Vec<i64> = rows.iter().skip(skip).take(limit).copied().collect();
    let articles = knowledge::search::summaries(connection, &page).await?;
    Ok((articles, i64::try_from(rows.len()).unwrap_or(i64::MAX)))
}
