//! `POST /api/support/notifications/{id}/read`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use super::entry::InboxEntry;
use super::person;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::InboxEntryId;
use crate::notifications::service::inbox;

/// Mark an entry of the inbox as read
///
/// One that is read already keeps its time.
#[utoipa::path(
    post, path = "/api/support/notifications/{id}/read", operation_id = "notification_read",
    tag = "notifications",
    params(("id" = InboxEntryId, Path, description = "The entry")),
    responses((status = 200, description = "The entry", body = Envelope<InboxEntry>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<InboxEntryId>,
) -> ApiResult<Answer> {
    let user = person(&actor)?;
    let mut tx = app.db.begin().await?;
    let entry = inbox::read(&mut tx, &*app.clock, user, id).await?;
    tx.commit().await?;
    Ok(Answer::ok(InboxEntry::from(entry)))
}
