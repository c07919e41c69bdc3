//! Lists of articles.

use kamhub_kernel::page::{COUNT_CAP, Page, PageRequest, encode_cursor};
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};

use super::category_name;
use crate::knowledge::view::{ArticleSummary, Listed};
use crate::knowledge::{Error, repo};
use crate::language::Language;
pub use crate::tickets::query::SortOrder;

kamhub_kernel::wire_enum! {
    /// What a list is sorted by (contract, section 2).
    pub enum ArticleSortBy {
        /// Visitors.
        Views = "views",
        /// Creation.
        CreatedAt = "createdAt",
    }
}

impl ArticleSortBy {
    /// The column that the list is sorted by.
    pub(in crate::knowledge) fn column(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::CreatedAt => "created_at",
        }
    }

    fn key(self, row: &Listed) -> i64 {
        match self {
            Self::Views => row.article.views,
            Self::CreatedAt => row.article.created_at.timestamp_micros(),
        }
    }
}

/// Which articles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// What the public reads, what it does not, or both.
    pub published: Option<bool>,
    /// Those that there are in this language; without one each article in its own.
    pub language: Option<Language>,
    /// In this category.
    pub category: Option<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// With all of these words.
    pub search: Option<String>,
}

/// The sort key of a row, inside a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// What the list was sorted by, and how: a cursor of another list is refused.
    pub list: String,
    /// Views, or microseconds since 1970.
    pub value: i64,
    /// The row.
    pub id: i64,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest {
    /// Which articles.
    pub filter: Filter,
    /// Sorted by what.
    pub sort_by: ArticleSortBy,
    /// In which direction.
    pub order: SortOrder,
    /// Which page.
    pub page: PageRequest<SortKey>,
}

impl ListRequest {
    /// The mark by which cursors of this list are known.
    pub fn mark(sort_by: ArticleSortBy, order: SortOrder) -> String {
        format!("articles {sort_by} {order}")
    }
}

/// A page of articles. Who is not of the staff gets published ones, whatever the filter says.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    staff: bool,
    mut request: ListRequest,
) -> Result<Page<ArticleSummary>, Error> {
    if !staff {
        request.filter.published = Some(true);
    }
    if let Some(name) = &request.filter.category {
        request.filter.category = Some(category_name(connection, name).await?);
    }
    let counted = repo::list::count(connection, &request.filter).await?;
    let mut rows = repo::list::page(connection, &request).await?;
    let limit = usize::try_from(request.page.limit).unwrap_or_default();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| {
        encode_cursor(&SortKey {
            list: ListRequest::mark(request.sort_by, request.order),
            value: request.sort_by.key(last),
            id: last.article.row_id.0,
        })
    });
    Ok(Page {
        items: rows.into_iter().map(ArticleSummary::from).collect(),
        total: counted.min(COUNT_CAP),
        total_capped: counted > COUNT_CAP,
        next_cursor,
    })
}
