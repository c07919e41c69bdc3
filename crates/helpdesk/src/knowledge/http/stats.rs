//! `GET /api/support/knowledge-base/articles/{id}/stats`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope};

use super::input::ArticlePath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::model::Wanted;
use crate::knowledge::service;
use crate::knowledge::view::StatsView;
use crate::knowledge::views::{self, Viewed};

/// How an article does
///
/// Views count each visitor once a day, votes each visitor once, over all languages.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/articles/{id}/stats", operation_id = "article_stats",
    tag = "knowledge",
    params(("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet")),
    responses((status = 200, description = "The figures", body = Envelope<StatsView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
) -> ApiResult<Answer> {
    let staff = service::is_staff(&actor);
    let mut connection = app.db.connection().await?;
    let mut choice = service::find(&mut connection, staff, &address, Wanted::default()).await?;
    let id = choice.article.article_id;
    if views::flush_for(&app, Viewed::Article, id.0).await {
        choice = service::find(&mut connection, staff, &address, Wanted::default()).await?;
    }
    Ok(Answer::ok(StatsView::from(&choice.article)))
}
