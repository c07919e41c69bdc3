//! `DELETE /api/support/webhooks/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, PathId};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::WebhookId;
use crate::notifications::webhooks::service;

/// Delete a webhook
///
/// It is called no more; what is planned for it is given up.
#[utoipa::path(
    delete, path = "/api/support/webhooks/{id}", operation_id = "webhook_delete", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook")),
    responses((status = 204, description = "It is gone")),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<WebhookId>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    service::delete(&mut tx, &*app.clock, &actor, id).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
