//! `GET /api/support/agents/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use crate::agents::model::Agent;
use crate::agents::service;
use crate::app::App;
use crate::ids::AgentId;

/// Read an agent
#[utoipa::path(
    get, path = "/api/support/agents/{id}", operation_id = "agent_read", tag = "agents",
    params(("id" = AgentId, Path, description = "The agent")),
    responses((status = 200, description = "The agent", body = Envelope<Agent>)),
)]
pub async fn handler(State(app): State<App>, PathId(id): PathId<AgentId>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    Ok(Answer::ok(service::read(&mut connection, app.clock.now(), id).await?))
}
