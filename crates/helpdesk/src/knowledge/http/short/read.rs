//! `GET /api/support/knowledge-base/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::input::{ArticlePath, Preferred};
use crate::knowledge::http::read::{self, ReadQuery};
use crate::knowledge::view::ArticleView;

/// Read an article
///
/// The same as under `/api/support/knowledge-base/articles/{id}`.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/{id}", operation_id = "article_read_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        ReadQuery,
    ),
    responses((status = 200, description = "The article; its version is the ETag", body = Envelope<ArticleView>)),
)]
pub async fn handler(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    preferred: Preferred,
    query: ValidQuery<ReadQuery>,
) -> ApiResult<Answer> {
    read::handler(app, caller, path, preferred, query).await
}
