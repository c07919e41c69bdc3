//! `PUT /api/support/agents/{id}/status`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::given;
use crate::agents::model::{Agent, AgentStatus};
use crate::agents::service;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::AgentId;

/// The new status.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
pub struct SetStatus {
    /// Whether the agent takes tickets.
    #[garde(custom(given))]
    #[schema(required = true, value_type = AgentStatus)]
    status: Option<AgentStatus>,
}

/// Set an agent's status
///
/// An agent sets their own; supervisors and administrators anybody's. Who comes online gets
/// waiting tickets at once.
#[utoipa::path(
    put, path = "/api/support/agents/{id}/status", operation_id = "agent_status", tag = "agents",
    params(("id" = AgentId, Path, description = "The agent")),
    request_body(content = SetStatus, example = json!({"status": "online"})),
    responses((status = 200, description = "The agent as they are now", body = Envelope<Agent>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<AgentId>,
    body: Valid<SetStatus>,
) -> ApiResult<Answer> {
    let status = body.value.status.unwrap_or(AgentStatus::Offline);
    let mut tx = app.db.begin().await?;
    service::set_status(&mut tx, &*app.clock, &actor, id, status).await?;
    Ok(Answer::ok(super::finish(tx, &app, id).await?))
}
