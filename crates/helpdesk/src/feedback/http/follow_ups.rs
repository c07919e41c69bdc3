//! `GET /api/support/feedback/follow-ups` and `POST …/{id}/done`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, ListEnvelope, PathId, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use super::page_of;
use crate::app::App;
use crate::feedback::model::FollowUpView;
use crate::feedback::service::follow_ups;
use crate::feedback::service::list::{DONE, OPEN};
use crate::identity::http::caller::Caller;
use crate::ids::FeedbackId;

kamhub_kernel::wire_enum! {
    /// Which tasks.
    pub enum FollowUpState {
        /// Somebody has to do them.
        Open = "open",
        /// Somebody has done them.
        Done = "done",
    }
}

/// Which tasks, and the page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct FollowUpQuery {
    /// open (the default), oldest first, or done, newest first.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "open")]
    state: Option<FollowUpState>,
    /// The page, from 1; page × limit may reach 10,000, beyond that use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1)))]
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

/// List customers who want to hear from a supervisor
///
/// Each feedback with `followUpRequired` is a task until somebody has done it.
#[utoipa::path(
    get, path = "/api/support/feedback/follow-ups", operation_id = "follow_up_list",
    tag = "feedback",
    params(FollowUpQuery),
    responses((status = 200, description = "A page of tasks", body = ListEnvelope<FollowUpView>)),
)]
pub async fn list(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<FollowUpQuery>,
) -> ApiResult<Answer> {
    let done = query.state == Some(FollowUpState::Done);
    let name = if done { DONE } else { OPEN };
    let (page, number) = page_of(name, query.page, query.limit, query.cursor.as_deref())?;
    let mut connection = app.db.connection().await?;
    let rows = follow_ups::list(&mut connection, done, &page).await?;
    Ok(Answer::list(rows.map(|row| row.follow_up()), number, page.limit))
}

/// Note that a customer was heard
///
/// Keeps who did it and when. Said again, the first time stays.
#[utoipa::path(
    post, path = "/api/support/feedback/follow-ups/{id}/done", operation_id = "follow_up_done",
    tag = "feedback",
    params(("id" = FeedbackId, Path, description = "The feedback")),
    responses(
        (status = 200, description = "The task as it is now", body = Envelope<FollowUpView>),
        (status = 409, description = "NO_FOLLOW_UP: nobody asked for one", body = ErrorBody),
    ),
)]
pub async fn done(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<FeedbackId>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let feedback = follow_ups::done(&mut tx, &*app.clock, &actor, id).await?;
    tx.commit().await?;
    Ok(Answer::ok(feedback.follow_up()))
}
