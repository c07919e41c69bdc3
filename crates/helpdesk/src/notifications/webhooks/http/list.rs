//! `GET /api/support/webhooks`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope};

use crate::app::App;
use crate::notifications::webhooks::model::{ENDPOINTS_AT_MOST, WebhookView};
use crate::notifications::webhooks::service;

/// List webhooks
///
/// All of them in one page: there are at most 100.
#[utoipa::path(
    get, path = "/api/support/webhooks", operation_id = "webhook_list", tag = "webhooks",
    responses((status = 200, description = "Every webhook", body = ListEnvelope<WebhookView>)),
)]
pub async fn handler(State(app): State<App>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let endpoints = service::list(&mut connection).await?;
    let now = app.clock.now();
    Ok(Answer::list(endpoints.map(|endpoint| endpoint.view(now)), 1, ENDPOINTS_AT_MOST))
}
