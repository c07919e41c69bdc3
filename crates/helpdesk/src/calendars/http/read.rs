//! `GET /api/support/calendars/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use crate::app::App;
use crate::calendars::service;
use crate::calendars::view::CalendarView;
use crate::ids::CalendarId;

/// Read a calendar
///
/// An archived one too.
#[utoipa::path(
    get, path = "/api/support/calendars/{id}", operation_id = "calendar_read", tag = "calendars",
    params(("id" = CalendarId, Path, description = "The calendar")),
    responses((status = 200, description = "The calendar; its version is the ETag",
        body = Envelope<CalendarView>)),
)]
pub async fn handler(State(app): State<App>, PathId(id): PathId<CalendarId>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let calendar = service::read(&mut connection, id).await?;
    let version = calendar.version;
    Ok(Answer::ok(calendar).version(version))
}
