//! `POST /api/support/notifications/read-all`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::person;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::InboxEntryId;
use crate::notifications::service::inbox;

/// Which entries.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ReadAll {
    /// The newest entry that the person has seen: what came in later stays unread. Everything where none
    /// is given.
    #[garde(skip)]
    up_to: Option<InboxEntryId>,
}

/// What was marked.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkedRead {
    /// How many entries were unread; one call marks at most 10,000.
    #[schema(examples(3))]
    pub read: u64,
}

/// Mark the whole inbox as read
#[utoipa::path(
    post, path = "/api/support/notifications/read-all", operation_id = "notification_read_all",
    tag = "notifications",
    request_body(content = ReadAll, example = json!({"upTo": "17"})),
    responses((status = 200, description = "How many were unread", body = Envelope<MarkedRead>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<ReadAll>,
) -> ApiResult<Answer> {
    let user = person(&actor)?;
    let mut tx = app.db.begin().await?;
    let read = inbox::read_all(&mut tx, &*app.clock, user, body.value.up_to).await?;
    tx.commit().await?;
    Ok(Answer::ok(MarkedRead { read }))
}
