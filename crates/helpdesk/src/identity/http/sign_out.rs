//! `POST /api/auth/sign-out`: the session that asks ends.

use axum::extract::State;
use axum::response::IntoResponse;
use kamhub_httpkit::Answer;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::Actor;

use super::caller::Caller;
use super::{cookie, identify};
use crate::app::App;
use crate::identity::{Error, service};

/// Sign out
///
/// Ends the session or token family that asks, and takes the browser's cookie away. It also
/// succeeds where there is no session any more.
#[utoipa::path(
    post, path = "/api/auth/sign-out", operation_id = "auth_sign_out", tag = "identity",
    responses((status = 204, description = "Signed out")),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
) -> ApiResult<impl IntoResponse> {
    if let Actor::User { id, session, .. } = actor {
        let mut tx = app.db.begin().await?;
        let ended = service::session_revoke(&mut tx, &actor, &*app.clock, id, session).await;
        match ended {
            Ok(stale) => {
                tx.commit().await?;
                identify::forget(&app, stale).await;
            }
            // Another call has ended it a moment ago.
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((cookie::clear(&app.settings), Answer::no_content()))
}
