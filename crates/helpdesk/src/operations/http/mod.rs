//! The calls of the operations slice.

pub mod dead_letters;
pub mod health;
pub mod live;
pub mod metrics;
pub mod ready;
pub mod replay_range;

use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use kamhub_httpkit::Answer;
use serde::Serialize;

use crate::app::App;

/// The version that answers name.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// When to ask again after a process was not ready.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Health and metrics alone, for a process that has workers and no API.
pub fn probes(app: &App) -> Router {
    Router::new()
        .route("/health", get(health::handler))
        .route("/api/health", get(health::api_handler))
        .route("/health/live", get(live::handler))
        .route("/health/ready", get(ready::handler))
        .route("/metrics", get(metrics::handler))
        .with_state(app.clone())
}

/// 200, or 503 with Retry-After.
fn answer<T: Serialize>(well: bool, body: &T) -> Response {
    if well {
        return Answer::with_status(StatusCode::OK, body).into_response();
    }
    let mut response = Answer::with_status(StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.as_secs().into());
    response
}
