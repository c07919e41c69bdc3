//! `PUT /api/auth/password`: a new password for oneself.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Problem, Valid};
use kamhub_kernel::Actor;
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::{Caller, ComesFrom};
use super::{identify, prove};
use crate::app::App;
use crate::identity::{Error, password, service};

/// The old and the new password.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordChange {
    /// The password of now.
    #[garde(custom(text(1, 128)))]
    #[schema(examples("volcano-koryaksky-3456"), format = Password, min_length = 1, max_length = 128)]
    current_password: String,
    /// The new one: 10 to 128 characters, not the e-mail address.
    #[garde(custom(text(10, 128)))]
    #[schema(examples("volcano-avachinsky-2741"), format = Password, min_length = 10, max_length = 128)]
    new_password: String,
}

/// Change my password
///
/// Every other session of mine ends.
#[utoipa::path(
    put, path = "/api/auth/password", operation_id = "auth_password_change", tag = "identity",
    request_body = PasswordChange,
    responses((status = 204, description = "The new password holds")),
)]
pub async fn handler(
    State(app): State<App>,
    caller: Caller,
    ComesFrom(origin): ComesFrom,
    body: Valid<PasswordChange>,
) -> ApiResult<Answer> {
    let (user, session) = caller.person()?;
    let Actor::User { email, .. } = &caller.0 else {
        return Err(Problem::internal("a person without an address"));
    };
    let given = body.value;
    prove::account(&app, &origin.address, email, &given.current_password).await.map_err(
        |error| match error {
            Error::SignInFailed => {
                Problem::invalid_field("currentPassword", "Current password is wrong")
            }
            other => other.into(),
        },
    )?;
    let hash = password::hash(&*app.clock, "newPassword", email, &given.new_password).await?;
    let mut tx = app.db.begin().await?;
    let stale =
        service::password_change(&mut tx, &caller.0, &*app.clock, user, session, &hash).await?;
    tx.commit().await?;
    identify::forget(&app, stale).await;
    Ok(Answer::no_content())
}
