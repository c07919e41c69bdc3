//! `POST /api/support/webhooks/deliveries/{id}/replay`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use super::test::Planned;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::DeliveryId;
use crate::notifications::webhooks::service;

/// Send a delivery to a webhook again
///
/// One that was given up goes on as the same one, with all its attempts. Of one that the receiver took a copy is sent,
/// with a `webhook-id` of its own and the same event inside.
#[utoipa::path(
    post, path = "/api/support/webhooks/deliveries/{id}/replay", operation_id = "webhook_delivery_replay",
    tag = "webhooks", params(("id" = DeliveryId, Path, description = "The delivery")),
    responses(
        (status = 200, description = "The delivery that is under way", body = Envelope<Planned>),
        (status = 409, description = "It is still tried by itself", body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<DeliveryId>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let delivery_id = service::replay(&mut tx, &*app.clock, &actor, id).await?;
    tx.commit().await?;
    app.queue.wake();
    Ok(Answer::ok(Planned { delivery_id }))
}
