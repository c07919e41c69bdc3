//! `GET /api/support/sla/runs/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use super::view::RunView;
use crate::app::App;
use crate::ids::RunId;
use crate::reports::runs::service;

/// Read a re-evaluation or a simulation
///
/// How far it has come, and what it has found until now. Kept for 90 days.
#[utoipa::path(
    get, path = "/api/support/sla/runs/{id}", operation_id = "sla_run_read", tag = "sla",
    params(("id" = RunId, Path, description = "The run")),
    responses((status = 200, description = "The run", body = Envelope<RunView>)),
)]
pub async fn handler(State(app): State<App>, PathId(id): PathId<RunId>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let run = service::read(&mut connection, id).await?;
    Ok(Answer::ok(RunView::try_from(run)?))
}
