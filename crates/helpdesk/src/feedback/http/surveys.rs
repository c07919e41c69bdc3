//! `GET /api/support/feedback/surveys`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, ValidQuery};

use super::PageQuery;
use crate::app::App;
use crate::feedback::model::SurveyView;
use crate::feedback::service::list::{self, SURVEYS};

/// List surveys
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/support/feedback/surveys", operation_id = "survey_list", tag = "feedback",
    params(PageQuery),
    responses((status = 200, description = "A page of surveys", body = ListEnvelope<SurveyView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> ApiResult<Answer> {
    let (page, number) = query.of(SURVEYS)?;
    let mut connection = app.db.connection().await?;
    let rows = list::surveys(&mut connection, &page).await?;
    Ok(Answer::list(rows.map(|row| row.view()), number, page.limit))
}
