//! The calls of one article under its short address, `/api/support/knowledge-base/{id}`: the contract
//! can be read either way, and clients of both are served.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid, ValidQuery};

use super::input::{ArticlePath, LanguageQuery, Preferred};
use super::read::ReadQuery;
use super::update::UpdateArticle;
use super::vote;
use super::vote::VoteBody;
use crate::app::App;
use crate::identity::http::caller::{Caller, ComesFrom};
use crate::knowledge::view::{ArticleView, StatsView};

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
pub async fn read(
    app: State<App>,
    caller: Caller,
    from: ComesFrom,
    path: ArticlePath,
    preferred: Preferred,
    query: ValidQuery<ReadQuery>,
) -> ApiResult<Answer> {
    super::read::handler(app, caller, from, path, preferred, query).await
}

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
pub async fn update(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    query: ValidQuery<LanguageQuery>,
    seen: IfMatch,
    body: Valid<UpdateArticle>,
) -> ApiResult<Answer> {
    super::update::handler(app, caller, path, query, seen, body).await
}

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
pub async fn delete(
    app: State<App>,
    caller: Caller,
    path: ArticlePath,
    query: ValidQuery<LanguageQuery>,
    seen: IfMatch,
) -> ApiResult<Answer> {
    super::delete::handler(app, caller, path, query, seen).await
}

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
    super::publish::handler(app, caller, path, query, seen).await
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
    super::publish::unpublish(app, caller, path, query, seen).await
}

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
    from: ComesFrom,
    path: ArticlePath,
    body: Valid<VoteBody>,
) -> ApiResult<Answer> {
    vote::helpful(app, caller, from, path, body).await
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
    from: ComesFrom,
    path: ArticlePath,
    body: Valid<VoteBody>,
) -> ApiResult<Answer> {
    vote::unhelpful(app, caller, from, path, body).await
}

/// How an article does
///
/// The same as under `/api/support/knowledge-base/articles/{id}/stats`.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/{id}/stats", operation_id = "article_stats_short",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
    ),
    responses((status = 200, description = "The figures", body = Envelope<StatsView>)),
)]
pub async fn stats(app: State<App>, caller: Caller, path: ArticlePath) -> ApiResult<Answer> {
    super::stats::handler(app, caller, path).await
}
