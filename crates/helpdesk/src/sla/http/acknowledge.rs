//! `POST /api/support/sla/violations/{id}/acknowledge`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ViolationView;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::ViolationId;
use crate::sla::service::violations;

/// What may be said to a violation; the body may be left out.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
pub struct AcknowledgeViolation {
    /// What is done about it, at most 1000 characters.
    #[garde(inner(custom(text(1, 1000))))]
    #[schema(min_length = 1, max_length = 1000, examples("Called the customer"))]
    note: Option<String>,
}

/// Acknowledge a violation
///
/// Somebody has seen it: who and when is kept, and no further escalation follows. Acknowledged
/// again, it stays as it is.
#[utoipa::path(
    post, path = "/api/support/sla/violations/{id}/acknowledge",
    operation_id = "sla_violation_acknowledge", tag = "sla",
    params(("id" = ViolationId, Path, description = "The violation")),
    request_body(content = Option<AcknowledgeViolation>, example = json!({"note": "Called the customer"})),
    responses((status = 200, description = "The violation as it is now", body = Envelope<ViolationView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<ViolationId>,
    body: Valid<AcknowledgeViolation>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let note = body.value.note.as_deref();
    let violation = violations::acknowledge(&mut tx, &*app.clock, &actor, id, note).await?;
    tx.commit().await?;
    Ok(Answer::ok(ViolationView::from(violation)))
}
