//! `GET /metrics`: everything that is counted, as Prometheus reads it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

/// Everything that is counted, in Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operations",
    responses((status = 200, description = "The metrics; see docs/METRICS.md", body = String,
        content_type = "text/plain",
        example = json!("kamhub_jobs_running 0\n"))),
)]
pub async fn handler(State(app): State<App>) -> Response {
    app.db.report_metrics();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, (app.render_metrics)()).into_response()
}
