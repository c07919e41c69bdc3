//! `POST /api/support/users`: a new user.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::trimmed;
use kamhub_httpkit::validate::{self, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, Valid, validated};
use kamhub_kernel::Role;
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Caller;
use crate::app::App;
use crate::identity::model::User;
use crate::identity::{password, service};

/// A new user.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UserCreate {
    /// The e-mail address, by which the user signs in.
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(validate::email))]
    #[schema(examples("anna@kamhub.example"), format = Email, max_length = 254)]
    pub email: String,
    /// The name that customers see.
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(text(2, 100)))]
    #[schema(examples("Анна Лебедева"), min_length = 2, max_length = 100)]
    pub name: String,
    /// What the user may do.
    #[garde(required)]
    #[schema(value_type = Role)]
    pub role: Option<Role>,
    /// 10 to 128 characters, not the e-mail address; without one nobody can sign in as this user.
    #[garde(inner(custom(password::rules(&self.email))))]
    #[schema(examples("volcano-koryaksky-3456"), format = Password, min_length = 10, max_length = 128)]
    pub password: Option<String>,
}

/// Create a user
///
/// You can only give a role whose rights you have all of.
#[utoipa::path(
    post, path = "/api/support/users", operation_id = "user_create", tag = "identity",
    request_body = UserCreate,
    responses(
        (status = 201, description = "The user", body = Envelope<User>),
        (status = 403, description = "FORBIDDEN, or RIGHT_NOT_HELD: the role carries a right that you do not have", body = ErrorBody),
        (status = 409, description = "Another user has the address", body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<UserCreate>,
) -> ApiResult<Answer> {
    let UserCreate { email, name, role, password } = body.value;
    let role = validated(role)?;
    service::may_govern(&actor, role, None)?;
    let hash = match password {
        Some(password) => Some(password::hash(&*app.clock, "password", &email, &password).await?),
        None => None,
    };
    let mut tx = app.db.begin().await?;
    let user =
        service::user_create(&mut tx, &*app.clock, &email, &name, role, hash.as_ref()).await?;
    service::audit(&actor, "user_create", user.id);
    tx.commit().await?;
    let path = format!("/api/support/users/{}", user.id);
    Ok(Answer::created(user).location(path))
}
