//! `GET /health` and `GET /api/health`: how the product and everything that it depends on is doing.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{VERSION, answer};
use crate::app::App;
use crate::operations::model::{self, Dependencies};
use crate::operations::service;

/// How the product is doing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// ok; degraded where it works with something missing; down where it cannot answer requests.
    #[schema(value_type = String, examples("ok"))]
    pub status: model::State,
    /// The version that runs.
    #[schema(examples("0.1.0"))]
    pub version: &'static str,
    /// How long the process has lived.
    #[schema(examples(3600))]
    pub uptime_seconds: u64,
    /// What it depends on.
    pub dependencies: Dependencies,
}

/// How is the product doing?
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "operations",
    responses(
        (status = 200, description = "It works, perhaps with something missing", body = Health),
        (status = 503, description = "It cannot answer requests; see Retry-After", body = Health),
    ),
)]
pub async fn handler(State(app): State<App>) -> Response {
    let dependencies = service::health(&app).await;
    let status = dependencies.state();
    let uptime_seconds = app.lifecycle.uptime().as_secs();
    let health = Health { status, version: VERSION, uptime_seconds, dependencies };
    answer(status != model::State::Down, &health)
}

/// How is the product doing? The same as `/health`.
#[utoipa::path(
    get, path = "/api/health", operation_id = "health_api", tag = "operations",
    responses(
        (status = 200, description = "It works, perhaps with something missing", body = Health),
        (status = 503, description = "It cannot answer requests; see Retry-After", body = Health),
    ),
)]
pub async fn api_handler(state: State<App>) -> Response {
    handler(state).await
}
