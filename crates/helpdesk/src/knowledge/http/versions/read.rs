//! `GET /api/support/knowledge-base/articles/{id}/versions/{number}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};

use crate::app::App;
use crate::knowledge::http::input::{ArticlePath, LanguageQuery, VersionPath};
use crate::knowledge::service::versions::{self, VersionView};

/// Read a version of an article
#[utoipa::path(
    get, path = "/api/support/knowledge-base/articles/{id}/versions/{number}",
    operation_id = "article_version", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        ("number" = i32, Path, description = "The version", example = 1),
        LanguageQuery,
    ),
    responses((status = 200, description = "The version with its text", body = Envelope<VersionView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ArticlePath(address): ArticlePath,
    VersionPath(number): VersionPath,
    ValidQuery(query): ValidQuery<LanguageQuery>,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let version =
        versions::read(&mut connection, &app.cache, &address, query.language, number).await?;
    Ok(Answer::ok(version))
}
