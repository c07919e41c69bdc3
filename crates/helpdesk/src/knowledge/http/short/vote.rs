//! `POST /api/support/knowledge-base/{id}/helpful` and `/unhelpful`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::input::ArticlePath;
use crate::knowledge::http::vote::{self, VoteBody};
use crate::knowledge::view::StatsView;

/// Say that an article helped
///
/// The same as under `/api/support/knowledge-base/articles/{id}/helpful`.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/{id}/helpful", operation_id = "article_helpful_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
    ),
    request_body(content = Option<VoteBody>, example = json!({})),
    responses((status = 200, description = "The figures as they are now", body = Envelope<StatsView>)),
)]
pub async fn helpful(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    body: Valid<VoteBody>,
) -> ApiResult<Answer> {
    vote::helpful(app, caller, path, body).await
}

/// Say that an article did not help
///
/// The same as under `/api/support/knowledge-base/articles/{id}/unhelpful`.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/{id}/unhelpful", operation_id = "article_unhelpful_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
    ),
    request_body(content = Option<VoteBody>, example = json!({"comment": "Нет цены"})),
    responses((status = 200, description = "The figures as they are now", body = Envelope<StatsView>)),
)]
pub async fn unhelpful(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    body: Valid<VoteBody>,
) -> ApiResult<Answer> {
    vote::unhelpful(app, caller, path, body).await
}
