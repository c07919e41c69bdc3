//! `PATCH /api/support/users/{id}`: another name, address, role or password; disable and enable.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::trimmed_given;
use kamhub_httpkit::validate::{self, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, PathId, Valid};
use kamhub_kernel::{Role, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::identify;
use crate::app::App;
use crate::identity::model::User;
use crate::identity::service::{self, UserChange};
use crate::identity::{Error, password};

/// What is to change; a field that is not given stays.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UserUpdate {
    /// The name that customers see.
    #[serde(deserialize_with = "trimmed_given")]
    #[garde(inner(custom(text(2, 100))))]
    #[schema(examples("Анна Лебедева"), min_length = 2, max_length = 100)]
    name: Option<String>,
    /// The e-mail address, by which the user signs in.
    #[serde(deserialize_with = "trimmed_given")]
    #[garde(inner(custom(validate::email)))]
    #[schema(examples("anna@kamhub.example"), format = Email, max_length = 254)]
    email: Option<String>,
    /// What the user may do.
    #[garde(skip)]
    role: Option<Role>,
    /// A new password, 10 to 128 characters, not the e-mail address.
    #[garde(inner(custom(password::rules(self.email.as_deref().unwrap_or_default()))))]
    #[schema(examples("volcano-koryaksky-3456"), format = Password, min_length = 10, max_length = 128)]
    password: Option<String>,
    /// Whether the user is kept from signing in.
    #[garde(skip)]
    #[schema(examples(false))]
    disabled: Option<bool>,
}

/// Update a user
///
/// Disabling a user, or giving another password, ends the user's sessions at once. The last
/// administrator cannot be disabled or given another role.
#[utoipa::path(
    patch, path = "/api/support/users/{id}", operation_id = "user_update", tag = "identity",
    params(("id" = UserId, Path, description = "The user")),
    request_body = UserUpdate,
    responses(
        (status = 200, description = "The user", body = Envelope<User>),
        (status = 403, description = "FORBIDDEN, or RIGHT_NOT_HELD: the user's old or new role carries a right that you do not have", body = ErrorBody),
        (status = 409, description = "LAST_ADMIN: nobody would be left to administer; or another user has the address", body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<UserId>,
    body: Valid<UserUpdate>,
) -> ApiResult<Answer> {
    let UserUpdate { name, email, role, password, disabled } = body.value;
    let password = match password {
        Some(password) => {
            let address = match &email {
                Some(email) => email.clone(),
                None => address_of(&app, id).await?,
            };
            Some(password::hash(&*app.clock, "password", &address, &password).await?)
        }
        None => None,
    };
    let change = UserChange { name, email, role, password, disabled };
    let mut tx = app.db.begin().await?;
    let (user, stale) = service::user_update(&mut tx, &actor, &*app.clock, id, change).await?;
    tx.commit().await?;
    identify::forget(&app, stale).await;
    Ok(Answer::ok(user))
}

async fn address_of(app: &App, id: UserId) -> Result<String, Error> {
    let mut connection = app.db.connection().await?;
    Ok(service::user_read(&mut connection, id).await?.email)
}
