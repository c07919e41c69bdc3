//! `POST /api/support/knowledge-base/articles/{id}/publish` and `/unpublish`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, ValidQuery};

use super::input::{ArticlePath, LanguageQuery};
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::{self, publish};
use crate::knowledge::view::ArticleView;

/// Publish an article
///
/// In one language: the one that is named, that of the slug, or the original. A draft that waits
/// takes the place of what the public read. Publishing twice changes nothing.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/articles/{id}/publish",
    operation_id = "article_publish", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    ValidQuery(query): ValidQuery<LanguageQuery>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let article = publish::publish(&mut tx, hand, &query.target(address, seen)).await?;
    let view = service::present(&mut tx, &app.cache, &article).await?;
    tx.commit().await?;
    Ok(Answer::ok(view).version(article.version))
}

/// Take an article from the public
///
/// In one language, as it is published. The staff goes on seeing it.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/articles/{id}/unpublish",
    operation_id = "article_unpublish", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn unpublish(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    ValidQuery(query): ValidQuery<LanguageQuery>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let article = publish::unpublish(&mut tx, hand, &query.target(address, seen)).await?;
    let view = service::present(&mut tx, &app.cache, &article).await?;
    tx.commit().await?;
    Ok(Answer::ok(view).version(article.version))
}
