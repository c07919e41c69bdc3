//! `GET /api/support/calendars`.

use axum::extract::State;
use kamhub_httpkit::listing::{ListQuery, page_of};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, ValidQuery};

use crate::app::App;
use crate::calendars::service;
use crate::calendars::view::CalendarView;

/// List calendars
///
/// Those in use, in the order in which they were made.
#[utoipa::path(
    get, path = "/api/support/calendars", operation_id = "calendar_list", tag = "calendars",
    params(ListQuery),
    responses((status = 200, description = "A page of calendars", body = ListEnvelope<CalendarView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let (request, page) = page_of(&query)?;
    let mut connection = app.db.connection().await?;
    let calendars = service::list(&mut connection, &request).await?;
    Ok(Answer::list(calendars, page, request.limit))
}
