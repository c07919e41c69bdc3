//! `DELETE /api/support/knowledge-base/articles/{id}/draft`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, ValidQuery};

use super::input::{ArticlePath, LanguageQuery};
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::{self, publish};
use crate::knowledge::view::ArticleView;

/// Throw a draft away
///
/// The one that waits beside what the public reads. It stays among the versions.
#[utoipa::path(
    delete, path = "/api/support/knowledge-base/articles/{id}/draft",
    operation_id = "article_draft_discard", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn discard(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    ValidQuery(query): ValidQuery<LanguageQuery>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let article = publish::discard_draft(&mut tx, hand, &query.target(address, seen)).await?;
    let view = service::present(&mut tx, &app.cache, &article).await?;
    tx.commit().await?;
    Ok(Answer::ok(view).version(article.version))
}
