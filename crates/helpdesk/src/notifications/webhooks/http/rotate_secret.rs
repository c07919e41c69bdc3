//! `POST /api/support/webhooks/{id}/rotate-secret`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::WebhookId;
use crate::notifications::webhooks::model::SecretView;
use crate::notifications::webhooks::service;

/// Give a webhook a new secret
///
/// The answer shows it this one time. The secret before it signs as well for 24 hours, so that the receiver can
/// change over in between; the one before that ends at once.
#[utoipa::path(
    post, path = "/api/support/webhooks/{id}/rotate-secret", operation_id = "webhook_rotate_secret",
    tag = "webhooks", params(("id" = WebhookId, Path, description = "The webhook")),
    responses((status = 200, description = "The webhook with its new secret", body = Envelope<SecretView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<WebhookId>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let (endpoint, secret) = service::rotate(&mut tx, &*app.clock, &actor, id).await?;
    tx.commit().await?;
    let webhook = endpoint.view(app.clock.now());
    Ok(Answer::ok(SecretView { webhook, secret: secret.reveal() }))
}
