//! `PATCH /api/support/webhooks/{id}`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId, Unchecked};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::WebhookId;
use crate::notifications::webhooks::http::{known_filter, reaching, some_filters};
use crate::notifications::webhooks::model::{Profile, WebhookView, filters};
use crate::notifications::webhooks::service;

/// What changes; fields that are not given stay as they are.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
pub struct UpdateWebhook {
    /// Where events are posted.
    #[garde(inner(custom(text(1, 2000))))]
    #[schema(
        min_length = 1,
        max_length = 2000,
        examples("https://booking.example.com/hooks/support")
    )]
    url: Option<String>,
    /// What it is for, at most 500 characters.
    #[garde(inner(custom(text(0, 500))))]
    #[schema(max_length = 500, examples("Booking: refunds"))]
    description: Option<String>,
    /// Which events, 1 to 50: names, beginnings (`ticket.*`) or all (`*`).
    #[serde(deserialize_with = "at_most_given::<50, _, _>")]
    #[garde(inner(custom(some_filters)), inner(inner(custom(known_filter))))]
    #[schema(min_items = 1, max_items = 50, examples(json!(["ticket.*"])))]
    events: Option<Vec<String>>,
    /// Whether it is called. `true` also brings back a webhook that the product has switched off.
    #[garde(skip)]
    active: Option<bool>,
}

/// Change a webhook
///
/// A webhook that is switched off gets nothing of what happens meanwhile; what was planned for it before is given up
/// and can be replayed.
#[utoipa::path(
    patch, path = "/api/support/webhooks/{id}", operation_id = "webhook_update", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook")),
    request_body(content = UpdateWebhook, example = json!({"events": ["ticket.*"], "active": true})),
    responses((status = 200, description = "The webhook as it is now", body = Envelope<WebhookView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<WebhookId>,
    body: Unchecked<UpdateWebhook>,
) -> ApiResult<Answer> {
    let (body, url) = reaching(&app.outbound, body, |body| body.url.as_deref()).await?;
    let UpdateWebhook { description, events, active, .. } = body;
    let change = |now: Profile| Profile {
        url: url.unwrap_or(now.url),
        description: description.unwrap_or(now.description),
        events: events.map_or(now.events, |given| filters(&given)),
        active: active.unwrap_or(now.active),
    };
    let mut tx = app.db.begin().await?;
    let endpoint = service::update(&mut tx, &actor, id, change).await?;
    tx.commit().await?;
    Ok(Answer::ok(endpoint.view(app.clock.now())))
}
