//! `POST /api/auth/token/revoke`: a program signs out.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Valid};

use super::identify;
use super::token_refresh::RefreshToken;
use crate::app::App;
use crate::identity::service;

/// Revoke a refresh token
///
/// Ends all tokens that came of the same sign-in, access tokens too. A token that is not known is
/// as good as revoked.
#[utoipa::path(
    post, path = "/api/auth/token/revoke", operation_id = "auth_token_revoke", tag = "identity",
    request_body = RefreshToken,
    responses((status = 204, description = "It is good no more")),
)]
pub async fn handler(State(app): State<App>, body: Valid<RefreshToken>) -> ApiResult<Answer> {
    let text = &body.value.refresh_token;
    let mut tx = app.db.begin().await?;
    let stale = service::token_revoke(&mut tx, &*app.clock, &app.keys, text).await?;
    tx.commit().await?;
    identify::forget(&app, stale).await;
    Ok(Answer::no_content())
}
