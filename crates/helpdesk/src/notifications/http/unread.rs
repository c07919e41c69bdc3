//! `GET /api/support/notifications/unread`: the number beside the bell.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope};
use serde::Serialize;
use utoipa::ToSchema;

use super::person;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::notifications::service::inbox;

/// How much there is to read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unread {
    /// Unread entries, counted up to 1000.
    #[schema(examples(3))]
    pub unread: i64,
}

/// Count the unread entries of the inbox
#[utoipa::path(
    get, path = "/api/support/notifications/unread", operation_id = "notification_unread",
    tag = "notifications",
    responses((status = 200, description = "The count", body = Envelope<Unread>)),
)]
pub async fn handler(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Answer> {
    let user = person(&actor)?;
    let mut connection = app.db.connection().await?;
    let unread = inbox::unread(&mut connection, user).await?;
    Ok(Answer::ok(Unread { unread }))
}
