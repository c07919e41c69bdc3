//! `POST /api/auth/token`: a program signs in for a user.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, Valid};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::ComesFrom;
use super::prove::{self, PasswordCredentials};
use crate::app::App;
use crate::identity::model::ACCESS_TOKEN_LIFE;
use crate::identity::service::{self, Tokens};

/// An access token and what it is renewed with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenPair {
    /// Send it as `Authorization: Bearer …`.
    #[schema(examples("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"))]
    access_token: String,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    token_type: &'static str,
    /// How many seconds the access token is good for.
    #[schema(examples(900))]
    expires_in: i64,
    /// Gives the next pair, once.
    #[schema(examples(
        "khr_AAAAAAAAAAcAAAABAAYkF2pXQACb9dlS0m1Jq6yKx0C6T1cB4n6H3yQ5b0xq1V8w2eR4tg"
    ))]
    refresh_token: String,
}

impl From<Tokens> for TokenPair {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_LIFE.num_seconds(),
            refresh_token: tokens.refresh,
        }
    }
}

/// Get an access token
///
/// For programs that act for a user. The access token is good for 15 minutes; the refresh token
/// gives the next pair, for 30 days at most.
#[utoipa::path(
    post, path = "/api/auth/token", operation_id = "auth_token", tag = "identity",
    request_body = PasswordCredentials,
    responses(
        (status = 200, description = "The tokens", body = Envelope<TokenPair>),
        (status = 401, description = "SIGN_IN_FAILED: the address or the password is wrong", body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    ComesFrom(origin): ComesFrom,
    body: Valid<PasswordCredentials>,
) -> ApiResult<Answer> {
    let given = body.value;
    let account = prove::account(&app, &origin.address, &given.email, &given.password).await?;
    let mut tx = app.db.begin().await?;
    let tokens = service::token_sign_in(&mut tx, &*app.clock, &app.keys, &account, &origin).await?;
    tx.commit().await?;
    Ok(Answer::ok(TokenPair::from(tokens)))
}
