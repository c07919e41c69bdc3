//! `GET /api/support/webhooks/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use crate::app::App;
use crate::ids::WebhookId;
use crate::notifications::webhooks::model::WebhookView;
use crate::notifications::webhooks::service;

/// Read a webhook
#[utoipa::path(
    get, path = "/api/support/webhooks/{id}", operation_id = "webhook_read", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook")),
    responses((status = 200, description = "The webhook, without its secret", body = Envelope<WebhookView>)),
)]
pub async fn handler(State(app): State<App>, PathId(id): PathId<WebhookId>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let endpoint = service::read(&mut connection, id).await?;
    Ok(Answer::ok(endpoint.view(app.clock.now())))
}
