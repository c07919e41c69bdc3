//! `PATCH /api/support/knowledge-base/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid, ValidQuery};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::input::{ArticlePath, LanguageQuery};
use crate::knowledge::http::update::{self, UpdateArticle};
use crate::knowledge::view::ArticleView;

/// Change an article
///
/// The same as under `/api/support/knowledge-base/articles/{id}`.
#[utoipa::path(
    patch, path = "/api/support/knowledge-base/{id}", operation_id = "article_update_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateArticle, example = json!({"tags": ["возврат"]})),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn handler(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    query: ValidQuery<LanguageQuery>,
    seen: IfMatch,
    body: Valid<UpdateArticle>,
) -> ApiResult<Answer> {
    update::handler(app, caller, path, query, seen, body).await
}
