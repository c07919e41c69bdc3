//! `POST /api/support/api-keys`: a program gets a key.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::query::{body_time, trimmed};
use kamhub_httpkit::validate::{some, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, Unchecked, validated};
use kamhub_kernel::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use crate::access::Permission;
use crate::app::App;
use crate::identity::model::ApiKey;
use crate::identity::service;

/// A new API key.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiKeyCreate {
    /// The name, unique among the active keys.
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(text(1, 100)))]
    #[schema(examples("booking service"), min_length = 1, max_length = 100)]
    pub name: String,
    /// The role that bounds what the key may do.
    #[garde(required)]
    #[schema(value_type = Role)]
    pub role: Option<Role>,
    /// The rights to narrow it to; all of its role where this is not given.
    #[serde(deserialize_with = "at_most_given::<50, _, _>")]
    #[garde(inner(custom(some)))]
    #[schema(examples(json!(["tickets:read", "tickets:write"])), min_items = 1, max_items = 50)]
    pub scopes: Option<Vec<Permission>>,
    /// When it ends; never where this is not given.
    #[serde(deserialize_with = "body_time")]
    #[garde(skip)]
    #[schema(examples("2027-01-01T00:00:00Z"))]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A new API key with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyWithSecret {
    /// The key.
    #[serde(flatten)]
    key: ApiKey,
    /// What the program sends as `X-API-Key`. It is told this once.
    #[schema(examples("kh_5f0c1b7e9a3d4c215f0c1b7e9a3d4c215f0c1b7e9a3d4c215f0c1b7e9a3d4c21"))]
    secret: String,
}

/// Create an API key
///
/// The answer tells the secret, once. You can only give rights that you have.
#[utoipa::path(
    post, path = "/api/support/api-keys", operation_id = "api_key_create", tag = "identity",
    request_body = ApiKeyCreate,
    responses(
        (status = 201, description = "The key and its secret", body = Envelope<ApiKeyWithSecret>),
        (status = 403, description = "FORBIDDEN, or RIGHT_NOT_HELD: the key would carry a right that you do not have", body = ErrorBody),
        (status = 409, description = "An active key has the name", body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    mut body: Unchecked<ApiKeyCreate>,
) -> ApiResult<Answer> {
    if let Some(given) = body.read() {
        body.add(&service::api_key_end_faults(given.expires_at, app.clock.now()));
    }
    let ApiKeyCreate { name, role, scopes, expires_at } = body.valid()?.value;
    let role = validated(role)?;
    let scopes: Option<Vec<String>> =
        scopes.map(|scopes| scopes.into_iter().map(|scope| scope.to_string()).collect());
    let scopes = scopes.as_deref();
    let mut tx = app.db.begin().await?;
    let made = service::api_key_mint(&mut tx, &actor, &*app.clock, &name, role, scopes, expires_at)
        .await?;
    let key = service::api_key_read(&mut tx, made.id).await?;
    tx.commit().await?;
    let path = format!("/api/support/api-keys/{}", made.id);
    Ok(Answer::created(ApiKeyWithSecret { key, secret: made.secret }).location(path))
}
