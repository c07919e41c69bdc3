//! `GET /api/support/users/{id}`: one user.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};
use kamhub_kernel::UserId;

use crate::app::App;
use crate::identity::model::User;
use crate::identity::service;

/// Read a user
#[utoipa::path(
    get, path = "/api/support/users/{id}", operation_id = "user_read", tag = "identity",
    params(("id" = UserId, Path, description = "The user")),
    responses((status = 200, description = "The user", body = Envelope<User>)),
)]
pub async fn handler(State(app): State<App>, PathId(id): PathId<UserId>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    Ok(Answer::ok(service::user_read(&mut connection, id).await?))
}
