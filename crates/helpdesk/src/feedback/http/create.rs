//! `POST /api/support/feedback`: feedback on a ticket, or a survey.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::decode::decode;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, IdempotencyKey, Valid};
use kamhub_kernel::Actor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::input::{CreateFeedback, CreateSurvey};
use super::limit;
use crate::app::App;
use crate::feedback::model::{FeedbackView, SurveyView};
use crate::feedback::service::{give, survey};
use crate::identity::http::caller::Caller;
use crate::ids::TicketId;

/// The body before it is known which of the two it is.
#[derive(Debug, Clone, Default, Deserialize, Validate)]
#[serde(transparent)]
pub struct Body(#[garde(skip)] Map<String, Value>);

impl Body {
    /// A body with `overallRating` and no `ticketId` is a survey (contract, section 1).
    fn is_survey(&self) -> bool {
        let said = |field: &str| self.0.get(field).is_some_and(|value| !value.is_null());
        said("overallRating") && !said("ticketId")
    }
}

/// Feedback on a ticket, or a survey: a body with `overallRating` and no `ticketId`.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it stands in the document only")]
pub enum FeedbackOrSurvey {
    /// Feedback on a ticket.
    Feedback(CreateFeedback),
    /// A survey.
    Survey(CreateSurvey),
}

/// What was stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Stored {
    /// Feedback on a ticket.
    Feedback(FeedbackView),
    /// A survey.
    Survey(SurveyView),
}

/// Give feedback, or answer a survey
///
/// A body with `overallRating` and no `ticketId` is a survey about the desk as a whole, open to
/// everybody (rate limited per address without credentials). Anything else is feedback on a ticket,
/// by its customer (token or link), or by a service's API key on the customer's behalf; people of the
/// desk cannot (403). There is one feedback for each ticket and customer: said again within 14 days
/// of the first time, or of the ticket's last resolution, what is given replaces what was said
/// before (200), and what is not given stays.
#[utoipa::path(
    post, path = "/api/support/feedback", operation_id = "feedback_create", tag = "feedback",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 characters; a repeated request with the same key is answered as the first time")),
    request_body(content = FeedbackOrSurvey, example = json!({
        "ticketId": "17", "rating": 5, "comment": "Quick and clear, thank you!",
        "categories": {"responseTime": 4, "resolution": 5, "professionalism": 5, "knowledge": 4},
        "wouldRecommend": true, "followUpRequired": false
    })),
    responses(
        (status = 201, description = "The new feedback or survey", body = Envelope<Stored>),
        (status = 200, description = "The customer's feedback on this ticket as it is now",
            body = Envelope<Stored>),
        (status = 409, description = "FEEDBACK_SETTLED: it cannot be changed any more; see current",
            body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    body: Valid<Body>,
) -> ApiResult<Answer> {
    let is_survey = body.value.is_survey();
    if !is_survey {
        give::check_speaker(&actor)?;
    } else if let Actor::Anonymous { address } = &actor {
        limit(&app, address).await?;
    }
    let fields = Value::Object(body.value.0);
    let mut tx = app.db.begin().await?;
    if let Some(answer) = key.begin(&mut tx, app.clock.now(), &actor, &body.hash).await? {
        return Ok(answer);
    }
    let answer = if is_survey {
        let new = decode::<CreateSurvey>(fields)?.survey(app.clock.now());
        let stored = survey::take(&mut tx, &*app.clock, &actor, new).await?;
        Answer::created(Stored::Survey(stored.view()))
    } else {
        let body = decode::<CreateFeedback>(fields)?;
        let ticket = body.ticket_id.unwrap_or(TicketId(0));
        let given = give::give(&mut tx, &*app.clock, &actor, ticket, body.into()).await?;
        let stored = Stored::Feedback(given.feedback.view());
        if given.first { Answer::created(stored) } else { Answer::ok(stored) }
    };
    key.finish(&mut tx, &actor, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}
