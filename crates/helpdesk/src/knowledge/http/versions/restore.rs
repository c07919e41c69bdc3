//! `POST /api/support/knowledge-base/articles/{id}/versions/{number}/restore`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid, ValidQuery};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::input::{ArticlePath, LanguageQuery, VersionPath};
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::{self, versions};
use crate::knowledge::view::ArticleView;

/// How a version is brought back.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreBody {
    /// Keeps it beside what the public reads, until it is published.
    #[garde(skip)]
    draft: bool,
}

/// Bring a version of an article back
///
/// What it said becomes a new version: nothing is lost.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/articles/{id}/versions/{number}/restore",
    operation_id = "article_restore", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        ("number" = i32, Path, description = "The version", example = 1),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = Option<RestoreBody>, example = json!({"draft": false})),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    VersionPath(number): VersionPath,
    ValidQuery(query): ValidQuery<LanguageQuery>,
    IfMatch(seen): IfMatch,
    body: Valid<RestoreBody>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let target = query.target(address, seen);
    let article = versions::restore(&mut tx, hand, &target, number, body.value.draft).await?;
    let view = service::present(&mut tx, &app.cache, &article).await?;
    tx.commit().await?;
    Ok(Answer::ok(view).version(article.version))
}
