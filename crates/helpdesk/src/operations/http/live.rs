//! `GET /health/live`: does the process live? Asks nobody else, so that a database that is away does
//! not get every process restarted.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{VERSION, answer};
use crate::app::App;

/// The process lives.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Live {
    /// Always ok.
    #[schema(examples("ok"))]
    pub status: &'static str,
    /// The version that runs.
    #[schema(examples("0.1.0"))]
    pub version: &'static str,
    /// How long the process has lived.
    #[schema(examples(3600))]
    pub uptime_seconds: u64,
}

/// Does the process live?
#[utoipa::path(
    get, path = "/health/live", operation_id = "health_live", tag = "operations",
    responses((status = 200, description = "It does", body = Live)),
)]
pub async fn handler(State(app): State<App>) -> Response {
    let uptime_seconds = app.lifecycle.uptime().as_secs();
    answer(true, &Live { status: "ok", version: VERSION, uptime_seconds })
}
