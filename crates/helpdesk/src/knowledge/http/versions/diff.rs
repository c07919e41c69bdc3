//! `GET /api/support/knowledge-base/articles/{id}/diff`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::knowledge::http::input::{ArticlePath, version_number};
use crate::knowledge::service::versions::{self, DiffView};
use crate::language::Language;

/// Which versions are compared.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    /// The one.
    #[serde(deserialize_with = "version_number")]
    #[garde(required)]
    #[param(value_type = i32, required = true, example = 1)]
    from: Option<i32>,
    /// The other; the present one where none is given.
    #[serde(deserialize_with = "version_number")]
    #[garde(skip)]
    #[param(value_type = Option<i32>, example = 3)]
    to: Option<i32>,
    /// The language; otherwise that of the slug, or the original.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "ru")]
    language: Option<Language>,
}

/// Compare two versions of an article
///
/// Line by line, with a few unchanged lines around each change.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/articles/{id}/diff", operation_id = "article_diff",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        DiffQuery,
    ),
    responses((status = 200, description = "What differs", body = Envelope<DiffView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ArticlePath(address): ArticlePath,
    ValidQuery(query): ValidQuery<DiffQuery>,
) -> ApiResult<Answer> {
    let from = query.from.unwrap_or_default();
    let mut connection = app.db.connection().await?;
    let diff = versions::diff(&mut connection, &address, query.language, from, query.to).await?;
    Ok(Answer::ok(diff))
}
