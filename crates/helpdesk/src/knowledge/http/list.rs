//! `GET /api/support/knowledge-base`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::{flag, list as words, number};
use kamhub_httpkit::validate::{between, text, texts};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, ValidQuery};
use kamhub_kernel::Faults;
use kamhub_kernel::page::{
    DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::input::checked;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::service;
use crate::knowledge::service::list::{
    self, ArticleSortBy, Filter, ListRequest, SortKey, SortOrder,
};
use crate::knowledge::view::ArticleSummary;
use crate::language::Language;

/// Filters, order and page (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Words of title and text, all of them; at most 200 characters.
    #[garde(inner(custom(text(1, 200))))]
    #[param(example = "возврат", max_length = 200)]
    search: Option<String>,
    /// A category.
    #[garde(inner(custom(text(1, 100))))]
    #[param(example = "Отмена и возврат", max_length = 100)]
    category: Option<String>,
    /// One or several tags, separated by commas: articles that have all of them.
    #[serde(deserialize_with = "words")]
    #[garde(custom(texts(50, 50)))]
    #[param(value_type = Option<String>, example = "билет")]
    tags: Vec<String>,
    /// Those that there are in this language; without it each article in its own.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "ru")]
    language: Option<Language>,
    /// For the staff: true for what the public reads, false for drafts; both without it.
    #[serde(deserialize_with = "flag")]
    #[garde(skip)]
    #[param(value_type = Option<bool>, example = true)]
    is_published: Option<bool>,
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
    /// views or createdAt.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "views")]
    sort_by: Option<ArticleSortBy>,
    /// ASC or DESC.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "DESC")]
    sort_order: Option<SortOrder>,
}

impl ListQuery {
    fn request(self) -> ApiResult<ListRequest> {
        let mut faults = Faults::new();
        let sort_by = self.sort_by.unwrap_or(ArticleSortBy::CreatedAt);
        let order = self.sort_order.unwrap_or(SortOrder::Desc);
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let page = self.page.unwrap_or(1);
        let start = match self.cursor.as_deref().map(decode_cursor::<SortKey>) {
            Some(Ok(key)) if key.list == ListRequest::mark(sort_by, order) => Start::After(key),
            Some(_) => {
                faults.add("cursor", "Cursor is not one of this list; take it from nextCursor");
                Start::Offset(0)
            }
            None => Start::Offset(page.saturating_sub(1).saturating_mul(limit)),
        };
        if matches!(start, Start::Offset(rows) if rows.saturating_add(limit) > MAX_OFFSET) {
            faults.add("page", "Page lies beyond 10000 rows; continue with the cursor instead");
        }
        checked(
            faults,
            ListRequest {
                filter: Filter {
                    published: self.is_published,
                    language: self.language,
                    category: self.category,
                    tags: self.tags,
                    search: self.search,
                },
                sort_by,
                order,
                page: PageRequest { start, limit, exact_total: false },
            },
        )
    }
}

/// List articles
///
/// Newest first unless asked otherwise. Without credentials only what is published.
#[utoipa::path(
    get, path = "/api/support/knowledge-base", operation_id = "article_list", tag = "knowledge",
    params(ListQuery),
    responses((status = 200, description = "A page of articles", body = ListEnvelope<ArticleSummary>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let page = query.page.unwrap_or(1);
    let request = query.request()?;
    let limit = request.page.limit;
    let mut connection = app.db.connection().await?;
    let articles = list::list(&mut connection, service::is_staff(&actor), request).await?;
    Ok(Answer::list(articles, page, limit))
}
