//! `DELETE /api/support/knowledge-base/articles/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, IfMatch, ValidQuery};

use super::input::{ArticlePath, LanguageQuery};
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::write;

/// Delete an article
///
/// In all languages; with `language` that translation only. It stays in the database with its
/// versions, and nobody finds it any more.
#[utoipa::path(
    delete, path = "/api/support/knowledge-base/articles/{id}", operation_id = "article_delete",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 204, description = "It is gone")),
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
    write::delete(&mut tx, hand, &query.target(address, seen)).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
