//! `POST /api/support/webhooks`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::items::at_most;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Unchecked};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::notifications::webhooks::http::{known_filter, reaching, some_filters};
use crate::notifications::webhooks::model::{Profile, SecretView, filters};
use crate::notifications::webhooks::service;

/// A new webhook.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
pub struct CreateWebhook {
    /// Where events are posted: an https address on the public Internet, at most 2000 characters.
    #[garde(custom(text(1, 2000)))]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 2000,
        examples("https://booking.example.com/hooks/support")
    )]
    url: String,
    /// What it is for, at most 500 characters.
    #[garde(custom(text(0, 500)))]
    #[schema(max_length = 500, examples("Booking: refunds"))]
    description: String,
    /// Which events, 1 to 50: names (`ticket.created`), beginnings (`ticket.*`) or all (`*`).
    #[serde(deserialize_with = "at_most::<50, _, _>")]
    #[garde(custom(some_filters), inner(custom(known_filter)))]
    #[schema(required = true, min_items = 1, max_items = 50, examples(json!(["ticket.*", "feedback.created"])))]
    events: Vec<String>,
    /// Whether it is called; true where it is not given.
    #[garde(skip)]
    active: Option<bool>,
}

/// Create a webhook
///
/// Events that happen from now on are posted to the address in CloudEvents envelopes, signed by Standard Webhooks,
/// at least once and in order for each subject. The answer shows the secret this one time.
#[utoipa::path(
    post, path = "/api/support/webhooks", operation_id = "webhook_create", tag = "webhooks",
    request_body(content = CreateWebhook, example = json!({
        "url": "https://booking.example.com/hooks/support", "description": "Booking: refunds",
        "events": ["ticket.*", "feedback.created"]
    })),
    responses(
        (status = 201, description = "The webhook with its secret", body = Envelope<SecretView>),
        (status = 409, description = "There are as many webhooks as there may be",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Unchecked<CreateWebhook>,
) -> ApiResult<Answer> {
    let (body, url) = reaching(&app.outbound, body, |body| Some(body.url.as_str())).await?;
    let CreateWebhook { description, events, active, .. } = body;
    let profile = Profile {
        url: url.unwrap_or_default(),
        description,
        events: filters(&events),
        active: active.unwrap_or(true),
    };
    let mut tx = app.db.begin().await?;
    let (endpoint, secret) = service::create(&mut tx, &*app.clock, &actor, &profile).await?;
    tx.commit().await?;
    let location = format!("/api/support/webhooks/{}", endpoint.id);
    let view = SecretView { webhook: endpoint.view(app.clock.now()), secret: secret.reveal() };
    Ok(Answer::created(view).location(location))
}
