//! `DELETE /api/auth/sessions/{id}`: one of my sessions ends.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, PathId};
use kamhub_kernel::SessionId;

use super::caller::Caller;
use super::identify;
use crate::app::App;
use crate::identity::service;

/// End one of my sessions
#[utoipa::path(
    delete, path = "/api/auth/sessions/{id}", operation_id = "auth_session_revoke", tag = "identity",
    params(("id" = SessionId, Path, description = "The session")),
    responses((status = 204, description = "It has ended")),
)]
pub async fn handler(
    State(app): State<App>,
    caller: Caller,
    PathId(session): PathId<SessionId>,
) -> ApiResult<Answer> {
    let (user, _) = caller.person()?;
    let mut tx = app.db.begin().await?;
    let stale = service::session_revoke(&mut tx, &caller.0, &*app.clock, user, session).await?;
    tx.commit().await?;
    identify::forget(&app, stale).await;
    Ok(Answer::no_content())
}
