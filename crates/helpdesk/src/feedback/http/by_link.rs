//! `POST /api/support/feedback/by-link`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, Valid};

use super::input::FeedbackByLink;
use super::limit;
use crate::app::App;
use crate::feedback::model::FeedbackView;
use crate::feedback::service::give;
use crate::identity;
use crate::identity::http::caller::ComesFrom;
use crate::identity::service::LinkPurpose;

/// Give feedback by a link
///
/// With the token that came by e-mail after a resolution (event `csat.requested`): good for one
/// ticket and for this call only, for 30 days. A click on a star sends the rating; the same again
/// changes nothing, and what the customer adds later is added. Rate limited per address. A token that
/// is wrong or over is 401.
#[utoipa::path(
    post, path = "/api/support/feedback/by-link", operation_id = "feedback_by_link",
    tag = "feedback",
    request_body(content = FeedbackByLink,
        example = json!({"token": "AQAAAAAAAAARAAAAAAAAACoAAAAAadZ1kA", "rating": 5})),
    responses(
        (status = 201, description = "The new feedback", body = Envelope<FeedbackView>),
        (status = 200, description = "The customer's feedback on this ticket as it is now",
            body = Envelope<FeedbackView>),
        (status = 401, description = "The token is wrong, or over", body = ErrorBody),
        (status = 409, description = "FEEDBACK_SETTLED: it cannot be changed any more; see current",
            body = ErrorBody),
        (status = 429, description = "Too many requests; see Retry-After", body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    ComesFrom(origin): ComesFrom,
    body: Valid<FeedbackByLink>,
) -> ApiResult<Answer> {
    limit(&app, &origin.address).await?;
    let now = app.clock.now();
    let token = &body.value.token;
    let link = identity::service::link_verify(&app.keys, LinkPurpose::Feedback, now, token)?;
    let mut tx = app.db.begin().await?;
    let actor = identity::service::customer_by_link(&mut tx, link).await?;
    let request = body.value.into();
    let given = give::give(&mut tx, &*app.clock, &actor, link.ticket, request).await?;
    tx.commit().await?;
    let view = given.feedback.view();
    Ok(if given.first { Answer::created(view) } else { Answer::ok(view) })
}
