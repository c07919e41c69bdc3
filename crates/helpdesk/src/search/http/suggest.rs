//! `GET /api/support/search/suggest`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::language::Language;
use crate::search::model::Suggested;
use crate::search::service::suggest;

/// What is being typed.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SuggestQuery {
    /// What was typed so far; the last word may be a beginning. At most 200 characters.
    #[garde(custom(text(1, 200)))]
    #[param(example = "возв", min_length = 1, max_length = 200)]
    q: String,
    /// Only titles in this language: ru or en.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "ru")]
    language: Option<Language>,
    /// The most suggestions, 1 to 20.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 20)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 20, example = 7)]
    limit: Option<i64>,
}

/// The suggestions where the caller gives no limit.
const DEFAULT_LIMIT: i64 = 7;

/// Suggest while typing
///
/// Titles of published articles and questions with words that begin like those typed so far, in either keyboard
/// layout or alphabet.
#[utoipa::path(
    get, path = "/api/support/search/suggest", operation_id = "search_suggest", tag = "search",
    params(SuggestQuery),
    responses((status = 200, description = "Titles, the best first", body = Envelope<Suggested>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<SuggestQuery>,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    Ok(Answer::ok(suggest::suggest(&mut connection, &query.q, query.language, limit).await?))
}
