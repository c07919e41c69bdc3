//! `POST /api/support/sla/policies/re-evaluate`.

use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::RunView;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::reports::runs::model::ReevaluationPreview;
use crate::reports::runs::service::{self, reevaluation};

/// Whether to look first.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
pub struct Reevaluate {
    /// Only tell what would change.
    #[garde(skip)]
    #[schema(examples(true))]
    preview: bool,
}

/// What would change, or the run that changes it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reevaluation {
    /// What would change; null where it is being changed.
    preview: Option<ReevaluationPreview>,
    /// The run that changes it; null where only a preview was asked for.
    run: Option<RunView>,
}

/// Re-evaluate open tickets by the policies in force
///
/// Edits of policies leave running clocks alone; this brings them under the present versions. What was
/// used up stays used up, and what was missed stays missed. With `preview` nothing is changed, and the
/// answer tells how many tickets would be and shows the first 100. The change itself is a run in the
/// background: 202 with the run, to be followed by `GET /api/support/sla/runs/{id}`.
#[utoipa::path(
    post, path = "/api/support/sla/policies/re-evaluate", operation_id = "sla_re_evaluate",
    tag = "sla",
    request_body(content = Reevaluate, example = json!({"preview": true})),
    responses(
        (status = 200, description = "What would change", body = Envelope<Reevaluation>),
        (status = 202, description = "The run that has begun", body = Envelope<Reevaluation>),
        (status = 409, description = "Another re-evaluation is under way",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<Reevaluate>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    if body.value.preview {
        let preview = reevaluation::preview(&mut tx, &*app.clock).await?;
        return Ok(Answer::ok(Reevaluation { preview: Some(preview), run: None }));
    }
    let id = reevaluation::begin(&mut tx, &*app.clock, &actor).await?;
    let run = RunView::try_from(service::read(&mut tx, id).await?)?;
    tx.commit().await?;
    app.queue.wake();
    let data = Reevaluation { preview: None, run: Some(run) };
    let body = Envelope { success: true, data };
    let path = format!("/api/support/sla/runs/{id}");
    Ok(Answer::with_status(StatusCode::ACCEPTED, &body).location(path))
}
