//! `GET /api/support/knowledge-base/articles/{id}/versions`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::validate::between;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, ValidQuery};
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::knowledge::http::input::{ArticlePath, version_number};
use crate::knowledge::service::versions::{self, VersionSummary};
use crate::language::Language;

/// The page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct VersionsQuery {
    /// The language; otherwise that of the slug, or the original.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "ru")]
    language: Option<Language>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(custom(between(1, MAX_LIMIT))))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[serde(deserialize_with = "version_number")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "12")]
    cursor: Option<i32>,
}

/// List an article's versions
///
/// Newest first; one for each change, drafts too.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/articles/{id}/versions",
    operation_id = "article_versions", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        VersionsQuery,
    ),
    responses((status = 200, description = "A page of versions", body = ListEnvelope<VersionSummary>)),
)]
pub async fn handler(
    State(app): State<App>,
    ArticlePath(address): ArticlePath,
    ValidQuery(query): ValidQuery<VersionsQuery>,
) -> ApiResult<Answer> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let mut connection = app.db.connection().await?;
    let page =
        versions::list(&mut connection, &address, query.language, query.cursor, limit).await?;
    Ok(Answer::list(page, 1, limit))
}
