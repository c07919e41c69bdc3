//! What a search shows of articles. Finding them is the affair of the search slice.

use kamhub_postgres::PgConnection;

use crate::knowledge::view::ArticleSummary;
use crate::knowledge::{Error, repo};

/// The summaries of these rows of published articles, in their order; rows that are gone are left out.
///
/// # Errors
/// A database fault.
pub async fn summaries(
    connection: &mut PgConnection,
    rows: &[i64],
) -> Result<Vec<ArticleSummary>, Error> {
    let rows = repo::list::published(connection, rows).await?;
    Ok(rows.into_iter().map(ArticleSummary::from).collect())
}
