//! `GET /api/support/knowledge-base/search`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::service::reports;
use crate::knowledge::view::ArticleSummary;
use crate::language::Language;
use crate::search::model::{DocumentKind, Request};
use crate::search::service::{MISSES, articles};

/// What is searched for (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ArticleQuery {
    /// The words, 1 to 200 characters, in any form, mistyped or in the wrong keyboard layout; in quotes for a
    /// phrase.
    #[garde(custom(text(1, 200)))]
    #[param(required = true, example = "вернуть билет", min_length = 1, max_length = 200)]
    q: String,
    /// A category.
    #[garde(inner(custom(text(1, 100))))]
    #[param(example = "Отмена и возврат", max_length = 100)]
    category: Option<String>,
    /// Only in this language.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "ru")]
    language: Option<Language>,
    /// The page, from 1.
    #[serde(deserialize_with = "number")]
    #[garde(inner(custom(between(1, 1_000))))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(custom(between(1, MAX_LIMIT))))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleSearch {
    /// The articles of this page, best first.
    articles: Vec<ArticleSummary>,
    /// How many there are, of those that fit best: up to a hundred, or sixty where some words may be missing.
    #[schema(examples(1))]
    total: i64,
    /// How long the search took, in milliseconds.
    #[schema(examples(3))]
    execution_time: i64,
}

/// Search articles
///
/// Published articles, best first, each in the language that fits best: those with all the words, and where these are
/// few, those with some of them. Reads what was meant like `GET /api/support/search`.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/search", operation_id = "article_search",
    tag = "knowledge",
    params(ArticleQuery),
    responses((status = 200, description = "What was found", body = Envelope<ArticleSearch>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ValidQuery(query): ValidQuery<ArticleQuery>,
) -> ApiResult<Answer> {
    let started = app.clock.now();
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let skip = (query.page.unwrap_or(1) - 1) * limit;
    let request = Request {
        query: query.q.trim().to_owned(),
        kinds: vec![DocumentKind::Article],
        category: query.category,
        language: query.language,
        limit: usize::try_from(limit).unwrap_or_default(),
        skip: usize::try_from(skip).unwrap_or_default(),
    };
    let mut connection = app.db.connection().await?;
    let (articles, total) =
        articles::page(&mut connection, &app.cache, &app.words, request.clone()).await?;
    // The report counts what readers miss, not what colleagues try out, and no single one's flood.
    let missed = total == 0 && !actor.is_staff();
    if missed && app.limiter.check(&MISSES, &actor.label()).await.is_ok() {
        reports::note_miss(&mut connection, started, &request.query).await?;
    }
    let execution_time = (app.clock.now() - started).num_milliseconds();
    Ok(Answer::ok(ArticleSearch { articles, total, execution_time }))
}
