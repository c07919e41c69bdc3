//! `DELETE /api/support/api-keys/{id}`: a program may call no more.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, PathId};
use kamhub_kernel::ApiKeyId;

use super::caller::Caller;
use super::identify;
use crate::app::App;
use crate::identity::service;

/// Revoke an API key
#[utoipa::path(
    delete, path = "/api/support/api-keys/{id}", operation_id = "api_key_revoke", tag = "identity",
    params(("id" = ApiKeyId, Path, description = "The key")),
    responses((status = 204, description = "The key is good no more")),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<ApiKeyId>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let stale = service::api_key_revoke(&mut tx, &actor, &*app.clock, id).await?;
    tx.commit().await?;
    identify::forget(&app, stale).await;
    Ok(Answer::no_content())
}
