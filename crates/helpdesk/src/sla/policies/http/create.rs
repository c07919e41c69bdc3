//! `POST /api/support/sla/policies`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Unchecked};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::sla::policies::http::valid;
use crate::sla::policies::input::{NewPolicy, PolicyInput};
use crate::sla::policies::service;
use crate::sla::policies::view::PolicyView;

/// Create an SLA policy
///
/// It applies to new tickets of its category and priority; the most exact policy does: the pair before
/// the category, that before the priority, that before one for all, that before the built-in default.
#[utoipa::path(
    post, path = "/api/support/sla/policies", operation_id = "sla_policy_create", tag = "sla",
    request_body(content = PolicyInput, example = json!({
        "name": "Urgent billing", "category": "billing", "priority": "urgent",
        "firstResponseMinutes": 30, "resolutionTime": 8, "nextResponseTime": 2, "calendarId": "1",
        "warnings": [{"metric": "resolution", "percent": 80}, {"minutesBefore": 10}],
        "escalations": [{"afterMinutes": 30, "recipients": ["supervisors"], "action": "notify"}]
    })),
    responses(
        (status = 201, description = "The new policy", body = Envelope<PolicyView>),
        (status = 409, description = "Another active policy is for the same category and priority",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Unchecked<NewPolicy>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let draft = valid(&mut tx, None, body, |body| &body.0).await?.0.draft();
    let policy = service::create(&mut tx, &*app.clock, &actor, draft).await?;
    tx.commit().await?;
    let (version, path) = (policy.version, format!("/api/support/sla/policies/{}", policy.id));
    Ok(Answer::created(policy).version(version).location(path))
}
