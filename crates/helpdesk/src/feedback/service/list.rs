//! Lists of feedback and surveys.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, Page, PageRequest, encode_cursor};
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};

use crate::feedback::error::Error;
use crate::feedback::model::{Feedback, Survey};
use crate::feedback::repo::list as repo;
use crate::ids::AgentId;

/// Which feedback.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// About this agent.
    pub agent: Option<AgentId>,
    /// From the customer with this number on the platform.
    pub customer_id: Option<i64>,
    /// With this rating or a better one, 1 to 5.
    pub rating_min: i16,
    /// With this rating or a worse one, 1 to 5.
    pub rating_max: i16,
}

/// The sort key of a row, inside a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// The list that the cursor belongs to.
    pub list: String,
    /// When it was written, or done.
    pub at: DateTime<Utc>,
    /// The row.
    pub id: i64,
}

/// The lists of this slice, as their cursors name them.
pub const FEEDBACK: &str = "feedback";
/// Surveys.
pub const SURVEYS: &str = "surveys";
/// Tasks that are open.
pub const OPEN: &str = "open";
/// Tasks that are done.
pub const DONE: &str = "done";

/// A page of feedback, newest first.
///
/// # Errors
/// A database fault.
pub async fn feedback(
    connection: &mut PgConnection,
    filter: &Filter,
    page: &PageRequest<SortKey>,
) -> Result<Page<Feedback>, Error> {
    let items = repo::page(connection, filter, page).await?;
    let counted = repo::count(connection, filter).await?;
    Ok(page_of(items, counted, page.limit, FEEDBACK, |row| (row.created_at, row.id.0)))
}

/// A page of surveys, newest first.
///
/// # Errors
/// A database fault.
pub async fn surveys(
    connection: &mut PgConnection,
    page: &PageRequest<SortKey>,
) -> Result<Page<Survey>, Error> {
    let items = repo::surveys(connection, page).await?;
    let counted = repo::surveys_count(connection).await?;
    Ok(page_of(items, counted, page.limit, SURVEYS, |row| (row.created_at, row.id.0)))
}

/// A page of what was read with one row beyond it.
pub(super) fn page_of<T>(
    mut items: Vec<T>,
    counted: i64,
    limit: i64,
    list: &str,
    key: impl Fn(&T) -> (DateTime<Utc>, i64),
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| {
        let (at, id) = key(last);
        encode_cursor(&SortKey { list: list.to_owned(), at, id })
    });
    Page { items, total: counted.min(COUNT_CAP), total_capped: counted > COUNT_CAP, next_cursor }
}
