//! `POST /api/support/sla`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, Problem, Valid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::{PolicyId, TicketId};
use crate::sla::model::ViolationType;
use crate::sla::service::check;

/// Which ticket.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CheckSla {
    /// The ticket.
    #[garde(skip)]
    #[schema(required = true, value_type = TicketId)]
    ticket_id: Option<TicketId>,
}

/// What a check finds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlaCheck {
    /// Whether any promise was not kept.
    pub violated: bool,
    /// Every promise that was not kept, in the order in which the targets ran out.
    pub violations: Vec<CheckedViolation>,
    /// The policy that applies; none where its clocks have no terms.
    pub policy_id: Option<PolicyId>,
}

/// A promise that was not kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckedViolation {
    /// What was not kept.
    #[serde(rename = "type")]
    pub kind: ViolationType,
    /// One sentence with the time used until now, or until the target was reached, and the time
    /// allowed, in hours of open time.
    #[schema(examples("First response SLA violated: 5.50h > 4h"))]
    pub message: String,
}

/// Check a ticket now
///
/// Looks at the ticket's clocks, stores what has been missed since the last look, and answers every
/// violation. Asked again, nothing is stored twice.
#[utoipa::path(
    post, path = "/api/support/sla", operation_id = "sla_check", tag = "sla",
    request_body(content = CheckSla, example = json!({"ticketId": "1"})),
    responses((status = 200, description = "What was found", body = Envelope<SlaCheck>, example = json!({
        "success": true, "data": {"violated": true, "violations": [{"type": "FIRST_RESPONSE_SLA",
            "message": "First response SLA violated: 5.50h > 4h"}], "policyId": "1"}
    })),
        (status = 404, description = "There is no such ticket, or not for this caller", body = ErrorBody)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<CheckSla>,
) -> ApiResult<Answer> {
    let Some(ticket) = body.value.ticket_id else {
        return Err(Problem::invalid_field("ticketId", "Ticket id is required"));
    };
    let mut tx = app.db.begin().await?;
    let found = check::check(&mut tx, &*app.clock, &actor, ticket).await?;
    tx.commit().await?;
    let violations: Vec<CheckedViolation> = found
        .violations
        .into_iter()
        .map(|it| CheckedViolation { kind: it.violation_type, message: it.message })
        .collect();
    let violated = !violations.is_empty();
    Ok(Answer::ok(SlaCheck { violated, violations, policy_id: found.policy }))
}
