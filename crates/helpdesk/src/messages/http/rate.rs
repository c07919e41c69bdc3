//! `POST /api/support/messages/{id}/rating`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, PathId, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::MessageId;
use crate::messages::model::MessageView;
use crate::messages::service::rate;

/// What the customer thinks of an answer.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RateMessage {
    /// 1 (bad) to 5 (good).
    #[garde(custom(between(1, 5)))]
    #[schema(required = true, minimum = 1, maximum = 5, examples(5))]
    pub rating: i16,
    /// Why, at most 500 characters.
    #[garde(inner(custom(text(0, 500))))]
    #[schema(max_length = 500, examples("Quick and clear, thank you!"))]
    pub comment: Option<String>,
}

/// Rate an answer
///
/// By the customer of the ticket, or by a service's API key on their behalf; people of the desk
/// cannot (403). Only public messages of agents; others get 409 `RATING_REFUSED`. A second rating
/// replaces the first.
#[utoipa::path(
    post, path = "/api/support/messages/{id}/rating", operation_id = "message_rate",
    tag = "messages",
    params(("id" = String, Path, description = "The message", example = "3")),
    request_body(content = RateMessage,
        example = json!({"rating": 5, "comment": "Quick and clear, thank you!"})),
    responses(
        (status = 200, description = "The rated message", body = Envelope<MessageView>),
        (status = 409, description = "RATING_REFUSED: it is not a public message of an agent",
            body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<MessageId>,
    body: Valid<RateMessage>,
) -> ApiResult<Answer> {
    let RateMessage { rating, comment } = body.value;
    let mut tx = app.db.begin().await?;
    let message = rate::rate(&mut tx, &*app.clock, &actor, id, rating, comment).await?;
    tx.commit().await?;
    Ok(Answer::ok(message.view_for(&actor)))
}
