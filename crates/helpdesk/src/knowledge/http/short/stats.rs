//! `GET /api/support/knowledge-base/{id}/stats`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::input::ArticlePath;
use crate::knowledge::http::stats;
use crate::knowledge::view::StatsView;

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
pub async fn handler(app: State<App>, caller: Caller, path: ArticlePath) -> ApiResult<Answer> {
    stats::handler(app, caller, path).await
}
