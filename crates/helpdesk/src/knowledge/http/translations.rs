//! `PUT` and `DELETE /api/support/knowledge-base/articles/{id}/translations/{language}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid};

use super::input::{ArticlePath, LanguagePath};
use super::update::UpdateArticle;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::service::change::{Hand, Target};
use crate::knowledge::service::{self, write};
use crate::knowledge::view::ArticleView;

/// Write a translation
///
/// Or change the one that is there. It has the article's id, category and tags, and a title, text,
/// slug and publication of its own.
#[utoipa::path(
    put, path = "/api/support/knowledge-base/articles/{id}/translations/{language}",
    operation_id = "translation_put", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        ("language" = String, Path, description = "ru or en", example = "en"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateArticle, example = json!({
        "title": "How do I return a ticket?", "content": "Open the booking and press Return.",
        "isPublished": true
    })),
    responses(
        (status = 200, description = "The translation as it is now", body = Envelope<ArticleView>),
        (status = 201, description = "The new translation", body = Envelope<ArticleView>),
    ),
)]
pub async fn put(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    LanguagePath(language): LanguagePath,
    IfMatch(seen): IfMatch,
    body: Valid<UpdateArticle>,
) -> ApiResult<Answer> {
    let seen = IfMatch(seen).or_version(body.value.seen())?;
    let target = Target { address, language: None, seen };
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let (article, new) =
        write::translate(&mut tx, hand, &target, language, body.value.into()).await?;
    let view = service::present(&mut tx, &app.cache, &article).await?;
    tx.commit().await?;
    let answer = if new { Answer::created(view) } else { Answer::ok(view) };
    Ok(answer.version(article.version))
}

/// Delete a translation
///
/// The language in which the article was written goes with the whole article only.
#[utoipa::path(
    delete, path = "/api/support/knowledge-base/articles/{id}/translations/{language}",
    operation_id = "translation_delete", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        ("language" = String, Path, description = "ru or en", example = "en"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 204, description = "It is gone")),
)]
pub async fn delete(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    LanguagePath(language): LanguagePath,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let target = Target { address, language: Some(language), seen };
    write::delete(&mut tx, hand, &target).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
