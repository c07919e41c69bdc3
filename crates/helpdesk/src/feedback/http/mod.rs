//! The calls of the feedback slice.

pub mod by_link;
pub mod create;
pub mod follow_ups;
pub mod input;
pub mod list;
pub mod metrics;
pub mod surveys;

use std::time::Duration;

use garde::Validate;
use kamhub_cache::RateRule;
use kamhub_httpkit::query::number;
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::Faults;
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor};
use serde::Deserialize;
use utoipa::IntoParams;

use super::service::list::SortKey;
use crate::app::App;

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The page, from 1; page × limit may reach 10,000, beyond that use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1)))]
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

/// The page of `list` that is asked for, and its number.
fn page_of(
    list: &str,
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<&str>,
) -> Result<(PageRequest<SortKey>, i64), Faults> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let page = page.unwrap_or(1);
    let start = match cursor.map(decode_cursor::<SortKey>) {
        None => Start::Offset(page.saturating_sub(1).saturating_mul(limit)),
        Some(Ok(key)) if key.list == list => Start::After(key),
        Some(_) => {
            let sentence = "Cursor is not one of this list; take it from nextCursor";
            return Err(Faults::of("cursor", sentence));
        }
    };
    if matches!(start, Start::Offset(rows) if rows.saturating_add(limit) > MAX_OFFSET) {
        let sentence = "Page lies beyond 10000 rows; continue with the cursor instead";
        return Err(Faults::of("page", sentence));
    }
    Ok((PageRequest { start, limit, exact_total: false }, page))
}

impl PageQuery {
    /// The page of `list` that is asked for, and its number.
    fn of(&self, list: &str) -> Result<(PageRequest<SortKey>, i64), Faults> {
        page_of(list, self.page, self.limit, self.cursor.as_deref())
    }
}

/// Lets an address say so many things per minute without credentials of its own.
async fn limit(app: &App, address: &str) -> ApiResult<()> {
    let rule = RateRule {
        name: "anonymous_feedback",
        burst: app.settings.anonymous_feedback_per_minute,
        per: Duration::from_secs(60),
    };
    let checked = app.limiter.check(&rule, address).await;
    checked.map_err(|limited| Problem::too_many(limited.retry_after))
}
