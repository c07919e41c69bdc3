//! The search over published articles.

use kamhub_postgres::PgConnection;

use super::category_name;
use crate::knowledge::model::Language;
use crate::knowledge::view::ArticleSummary;
use crate::knowledge::{Error, repo};

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The words as they were typed.
    pub words: String,
    /// In this category only.
    pub category: Option<String>,
    /// In this language only.
    pub language: Option<Language>,
    /// Rows to pass over.
    pub skip: i64,
    /// The most rows.
    pub limit: i64,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The articles of the page, best first.
    pub articles: Vec<ArticleSummary>,
    /// How many there are, of the newest thousand that fit.
    pub total: i64,
}

/// Articles with all the words, best first.
///
/// # Errors
/// A database fault.
pub async fn search(connection: &mut PgConnection, query: &Query) -> Result<Found, Error> {
    let category = match &query.category {
        Some(name) => Some(category_name(connection, name).await?),
        None => None,
    };
    let (rows, total) = repo::list::search(
        connection,
        &query.words,
        category.as_deref(),
        query.language,
        query.skip,
        query.limit,
    )
    .await?;
    Ok(Found { articles: rows.into_iter().map(ArticleSummary::from).collect(), total })
}
