//! `GET /api/support/users`: who can sign in?

use axum::extract::State;
use kamhub_httpkit::listing::{ListQuery, page_of};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, ValidQuery};

use crate::app::App;
use crate::identity::model::User;
use crate::identity::service;

/// List users
///
/// In the order in which they were made, disabled ones too.
#[utoipa::path(
    get, path = "/api/support/users", operation_id = "user_list", tag = "identity",
    params(ListQuery),
    responses((status = 200, description = "A page of users", body = ListEnvelope<User>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let (request, page) = page_of(&query)?;
    let mut connection = app.db.connection().await?;
    let users = service::user_list(&mut connection, &request).await?;
    Ok(Answer::list(users, page, request.limit))
}
