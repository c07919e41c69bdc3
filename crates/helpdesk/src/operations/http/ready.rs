//! `GET /health/ready`: may requests be sent here? Not while the database is away, its tables are not
//! those of this version, or the process is about to end.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{VERSION, answer};
use crate::app::App;
use crate::operations::model::{Dependencies, Failure};
use crate::operations::service;

/// Whether requests may be sent here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// ready or not_ready.
    #[schema(examples("ready"))]
    pub status: &'static str,
    /// The version that runs.
    #[schema(examples("0.1.0"))]
    pub version: &'static str,
    /// Why not; empty where it is ready.
    pub failing: Vec<Failure>,
    /// What it depends on.
    pub dependencies: Dependencies,
}

/// May requests be sent here?
#[utoipa::path(
    get, path = "/health/ready", operation_id = "health_ready", tag = "operations",
    responses(
        (status = 200, description = "They may", body = Ready),
        (status = 503, description = "Not now; failing says why; see Retry-After", body = Ready),
    ),
)]
pub async fn handler(State(app): State<App>) -> Response {
    let dependencies = service::health(&app).await;
    let mut failing = dependencies.failing();
    if app.lifecycle.is_stopping() {
        let reason = "the process is shutting down".to_owned();
        failing.insert(0, Failure { dependency: "process".to_owned(), reason });
    }
    let ready = failing.is_empty();
    let status = if ready { "ready" } else { "not_ready" };
    answer(ready, &Ready { status, version: VERSION, failing, dependencies })
}
