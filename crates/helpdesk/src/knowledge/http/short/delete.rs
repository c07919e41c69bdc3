//! `DELETE /api/support/knowledge-base/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, IfMatch, ValidQuery};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::delete;
use crate::knowledge::http::input::{ArticlePath, LanguageQuery};

/// Delete an article
///
/// The same as under `/api/support/knowledge-base/articles/{id}`.
#[utoipa::path(
    delete, path = "/api/support/knowledge-base/{id}", operation_id = "article_delete_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 204, description = "It is gone")),
)]
pub async fn handler(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    query: ValidQuery<LanguageQuery>,
    seen: IfMatch,
) -> ApiResult<Answer> {
    delete::handler(app, caller, path, query, seen).await
}
