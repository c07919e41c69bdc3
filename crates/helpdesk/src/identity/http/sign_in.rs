//! `POST /api/auth/sign-in`: a browser signs in.

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, Valid};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::ComesFrom;
use super::cookie;
use super::prove::{self, PasswordCredentials};
use crate::app::App;
use crate::identity::model::User;
use crate::identity::{service, token};

/// A browser that is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// Who signed in.
    pub user: User,
    /// Send it as `X-CSRF-Token` where the browser gives neither `Sec-Fetch-Site` nor `Origin`.
    #[schema(examples("Jk0m4X1hZ1n0aTqV9mJ5o1b8m2wq6rYV7n3kqv0c1xE"))]
    pub csrf_token: String,
    /// When the session ends if nothing comes from the browser until then.
    pub expires_at: DateTime<Utc>,
}

/// Sign a browser in
///
/// Sets an HttpOnly cookie. The session ends after 12 hours without a call, or 30 days.
#[utoipa::path(
    post, path = "/api/auth/sign-in", operation_id = "auth_sign_in", tag = "identity",
    request_body = PasswordCredentials,
    responses(
        (status = 200, description = "Signed in; the cookie is set", body = Envelope<SignedIn>),
        (status = 401, description = "SIGN_IN_FAILED: the address or the password is wrong", body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    ComesFrom(origin): ComesFrom,
    body: Valid<PasswordCredentials>,
) -> ApiResult<impl IntoResponse> {
    let given = body.value;
    let account = prove::account(&app, &origin.address, &given.email, &given.password).await?;
    let mut tx = app.db.begin().await?;
    let done = service::browser_sign_in(&mut tx, &*app.clock, &account, &origin).await?;
    tx.commit().await?;
    let csrf_token = token::csrf_token(&app.keys, &done.secret);
    let answer = SignedIn { user: done.user, csrf_token, expires_at: done.expires_at };
    Ok((cookie::set(&app.settings, &done.secret), Answer::ok(answer)))
}
