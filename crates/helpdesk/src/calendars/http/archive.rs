//! `DELETE /api/support/calendars/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, IfMatch, PathId};

use crate::app::App;
use crate::calendars::service;
use crate::ids::CalendarId;
use crate::listeners;

/// Archive a calendar
///
/// Nothing new counts by it; what was counted by it stays explained. Refused while an active policy
/// uses it.
#[utoipa::path(
    delete, path = "/api/support/calendars/{id}", operation_id = "calendar_archive", tag = "calendars",
    params(
        ("id" = CalendarId, Path, description = "The calendar"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses(
        (status = 204, description = "It is archived"),
        (status = 409, description = "An active policy uses it, or it has changed since",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    PathId(id): PathId<CalendarId>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    if service::archive(&mut tx, &*app.clock, id, seen).await? {
        listeners::calendar_archived(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(Answer::no_content())
}
