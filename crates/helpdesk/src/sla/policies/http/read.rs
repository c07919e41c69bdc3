//! `GET /api/support/sla/policies/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use crate::app::App;
use crate::ids::PolicyId;
use crate::sla::policies::service;
use crate::sla::policies::view::PolicyView;

/// Read an SLA policy
#[utoipa::path(
    get, path = "/api/support/sla/policies/{id}", operation_id = "sla_policy_read", tag = "sla",
    params(("id" = PolicyId, Path, description = "The policy")),
    responses((status = 200, description = "The policy; its version is the ETag",
        body = Envelope<PolicyView>)),
)]
pub async fn handler(State(app): State<App>, PathId(id): PathId<PolicyId>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let policy = service::read(&mut connection, id).await?;
    let version = policy.version;
    Ok(Answer::ok(policy).version(version))
}
