//! `GET /api/support/faqs`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::Faults;
use kamhub_kernel::page::{
    DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::faq::model::{FaqView, Filter, ListRequest, SortKey};
use crate::faq::service;
use crate::language::Language;

/// Filters and page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// A category.
    #[garde(inner(custom(text(1, 100))))]
    #[param(example = "Отмена и возврат", max_length = 100)]
    category: Option<String>,
    /// A language.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "ru")]
    language: Option<Language>,
    /// The page, from 1; page × limit may reach 10,000, beyond that use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1)))]
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(custom(between(1, MAX_LIMIT))))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

impl ListQuery {
    fn request(self) -> Result<ListRequest, Faults> {
        let mut faults = Faults::new();
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let skip = self.page.unwrap_or(1).saturating_sub(1).saturating_mul(limit);
        let start = match self.cursor.as_deref().map(decode_cursor::<SortKey>) {
            Some(Ok(key)) => Start::After(key),
            Some(Err(error)) => {
                faults.add("cursor", format!("Cursor {error}"));
                Start::Offset(0)
            }
            None => Start::Offset(skip),
        };
        if matches!(start, Start::Offset(rows) if rows.saturating_add(limit) > MAX_OFFSET) {
            faults.add("page", "Page lies beyond 10000 rows; continue with the cursor instead");
        }
        let filter = Filter { category: self.category, language: self.language };
        faults.check(ListRequest { filter, page: PageRequest { start, limit, exact_total: false } })
    }
}

/// List questions with their answers
///
/// The greatest priority first, then those that are read most.
#[utoipa::path(
    get, path = "/api/support/faqs", operation_id = "faq_list", tag = "knowledge",
    params(ListQuery),
    responses((status = 200, description = "A page of questions", body = ListEnvelope<FaqView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let page = query.page.unwrap_or(1);
    let request = query.request().map_err(Problem::invalid)?;
    let limit = request.page.limit;
    let mut connection = app.db.connection().await?;
    let faqs = service::list(&mut connection, &app.cache, request).await?;
    Ok(Answer::list(faqs, page, limit))
}
