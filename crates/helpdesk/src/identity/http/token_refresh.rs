//! `POST /api/auth/token/refresh`: the next pair of tokens.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::identify;
use super::token_create::TokenPair;
use crate::app::App;
use crate::identity::Error;
use crate::identity::service::{self, Refreshed};

/// A refresh token.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RefreshToken {
    /// The refresh token of the last answer.
    #[garde(custom(text(1, 1000)))]
    #[schema(
        examples("khr_AAAAAAAAAAcAAAABAAYkF2pXQACb9dlS0m1Jq6yKx0C6T1cB4n6H3yQ5b0xq1V8w2eR4tg"),
        min_length = 1,
        max_length = 1000
    )]
    pub(super) refresh_token: String,
}

/// Renew an access token
///
/// Each refresh token works once. The last one used is answered again for 30 seconds, with the
/// same successor, because the answer may have been lost; any older use ends all tokens that came
/// of the sign-in.
#[utoipa::path(
    post, path = "/api/auth/token/refresh", operation_id = "auth_token_refresh", tag = "identity",
    request_body = RefreshToken,
    responses((status = 200, description = "The next pair", body = Envelope<TokenPair>)),
)]
pub async fn handler(State(app): State<App>, body: Valid<RefreshToken>) -> ApiResult<Answer> {
    let text = &body.value.refresh_token;
    let mut tx = app.db.begin().await?;
    let refreshed = service::token_refresh(&mut tx, &*app.clock, &app.keys, text).await?;
    tx.commit().await?;
    match refreshed {
        Refreshed::Pair(tokens) => Ok(Answer::ok(TokenPair::from(tokens))),
        Refreshed::Reused(stale) => {
            identify::forget(&app, stale).await;
            Err(Error::BadCredentials.into())
        }
    }
}
