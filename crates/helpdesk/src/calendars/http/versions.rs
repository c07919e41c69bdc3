//! `GET /api/support/calendars/{id}/versions`.

use axum::extract::State;
use kamhub_httpkit::listing::{ListQuery, page_of};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, PathId, ValidQuery};

use crate::app::App;
use crate::calendars::service;
use crate::calendars::view::CalendarVersionView;
use crate::ids::CalendarId;

/// List the versions of a calendar
///
/// Newest first: who wrote which hours, and when.
#[utoipa::path(
    get, path = "/api/support/calendars/{id}/versions", operation_id = "calendar_versions",
    tag = "calendars",
    params(("id" = CalendarId, Path, description = "The calendar"), ListQuery),
    responses((status = 200, description = "A page of versions",
        body = ListEnvelope<CalendarVersionView>)),
)]
pub async fn handler(
    State(app): State<App>,
    PathId(id): PathId<CalendarId>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let (request, page) = page_of(&query)?;
    let mut connection = app.db.connection().await?;
    let versions = service::versions(&mut connection, id, &request).await?;
    Ok(Answer::list(versions, page, request.limit))
}
