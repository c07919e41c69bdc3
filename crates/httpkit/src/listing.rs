//! The query of lists that are read in the order in which their rows were made.

use garde::Validate;
use kamhub_kernel::page::{
    DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::Problem;
use crate::query;
use crate::validate::between;

/// Which rows of the list.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The page, from 1.
    #[serde(deserialize_with = "query::number")]
    #[garde(inner(custom(between(1, MAX_OFFSET))))]
    #[param(minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page.
    #[serde(deserialize_with = "query::number")]
    #[garde(inner(custom(between(1, MAX_LIMIT))))]
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Where the page before ended: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

/// The rows that are wanted, and the page's number for the answer.
///
/// # Errors
/// A cursor of another list; a page beyond [`MAX_OFFSET`] rows.
pub fn page_of(query: &ListQuery) -> Result<(PageRequest<i64>, i64), Problem> {
    let page = query.page.unwrap_or(1);
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let start = match &query.cursor {
        Some(cursor) => Start::After(
            decode_cursor(cursor)
                .map_err(|error| Problem::invalid_field("cursor", format!("Cursor {error}")))?,
        ),
        None => Start::Offset((page - 1).saturating_mul(limit)),
    };
    if matches!(start, Start::Offset(rows) if rows > MAX_OFFSET) {
        return Err(Problem::invalid_field("page", "Page is too deep; go on by cursor"));
    }
    Ok((PageRequest { start, limit, exact_total: true }, page))
}
