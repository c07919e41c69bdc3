//! `POST /api/support/webhooks/{id}/test`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::ids::{DeliveryId, WebhookId};
use crate::notifications::webhooks::service;

/// A delivery that is under way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// The delivery: the list of the webhook's deliveries says what became of it.
    pub delivery_id: DeliveryId,
}

/// Send a test event to a webhook
///
/// The event `webhook.test`, signed like any other, at once and only once; also to a webhook that is switched off.
#[utoipa::path(
    post, path = "/api/support/webhooks/{id}/test", operation_id = "webhook_test", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook")),
    responses((status = 201, description = "The delivery is under way", body = Envelope<Planned>)),
)]
pub async fn handler(State(app): State<App>, PathId(id): PathId<WebhookId>) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let source = &app.settings.public_url;
    let delivery_id = service::test(&mut tx, &*app.clock, source, id).await?;
    tx.commit().await?;
    app.queue.wake();
    Ok(Answer::created(Planned { delivery_id }))
}
