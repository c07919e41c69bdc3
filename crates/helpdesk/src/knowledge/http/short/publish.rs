//! `POST /api/support/knowledge-base/{id}/publish` and `/unpublish`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, ValidQuery};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::input::{ArticlePath, LanguageQuery};
use crate::knowledge::http::publish;
use crate::knowledge::view::ArticleView;

/// Publish an article
///
/// The same as under `/api/support/knowledge-base/articles/{id}/publish`.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/{id}/publish", operation_id = "article_publish_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn publish(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    query: ValidQuery<LanguageQuery>,
    seen: IfMatch,
) -> ApiResult<Answer> {
    publish::handler(app, caller, path, query, seen).await
}

/// Take an article from the public
///
/// The same as under `/api/support/knowledge-base/articles/{id}/unpublish`.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/{id}/unpublish", operation_id = "article_unpublish_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn unpublish(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    query: ValidQuery<LanguageQuery>,
    seen: IfMatch,
) -> ApiResult<Answer> {
    publish::unpublish(app, caller, path, query, seen).await
}
