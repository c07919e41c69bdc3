//! `POST /api/support/webhooks/{id}/replay`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::body_time;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId, Valid, validated};
use kamhub_kernel::page::decode_cursor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::WebhookId;
use crate::notifications::webhooks::model::ReplayStatus;
use crate::notifications::webhooks::service::{self, Range};

/// Which deliveries.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
pub struct ReplayWebhook {
    /// Planned at this time or later.
    #[serde(deserialize_with = "body_time")]
    #[garde(required)]
    #[schema(required = true, value_type = DateTime<Utc>, examples("2026-11-20T18:00:00Z"))]
    from: Option<DateTime<Utc>>,
    /// Planned at this time or earlier; now where it is not given.
    #[serde(deserialize_with = "body_time")]
    #[garde(skip)]
    #[schema(examples("2026-11-20T22:00:00Z"))]
    until: Option<DateTime<Utc>>,
    /// failed (where it is not given): those that were given up; sent: those that the receiver took and has lost.
    #[garde(skip)]
    #[schema(examples("failed"))]
    status: Option<ReplayStatus>,
    /// Continues after an earlier call: its `nextCursor`.
    #[garde(inner(custom(place)))]
    #[schema(examples(json!(null)))]
    cursor: Option<String>,
}

fn place(cursor: &str, _: &()) -> garde::Result {
    let read = decode_cursor::<i64>(cursor);
    read.map(|_| ()).map_err(|error| garde::Error::new(error.to_string()))
}

/// What was replayed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplayedDeliveries {
    /// How many deliveries are under way again.
    #[schema(minimum = 0, examples(12))]
    pub replayed: usize,
    /// Where to go on; null where nothing is left.
    #[schema(examples(json!(null)))]
    pub next_cursor: Option<String>,
}

/// Send deliveries of a time range to a webhook again
///
/// In their order, at most 500 by one call; test events are left out.
#[utoipa::path(
    post, path = "/api/support/webhooks/{id}/replay", operation_id = "webhook_replay", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook")),
    request_body(content = ReplayWebhook, example = json!({
        "from": "2026-11-20T18:00:00Z", "until": "2026-11-20T22:00:00Z", "status": "failed"
    })),
    responses((status = 200, description = "How many are under way", body = Envelope<ReplayedDeliveries>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<WebhookId>,
    body: Valid<ReplayWebhook>,
) -> ApiResult<Answer> {
    let ReplayWebhook { from, until, status, cursor } = body.value;
    let range = Range {
        status: status.unwrap_or(ReplayStatus::Failed),
        from: validated(from)?,
        until: until.unwrap_or_else(|| app.clock.now()),
        after: cursor.as_deref().and_then(|cursor| decode_cursor(cursor).ok()),
    };
    let mut tx = app.db.begin().await?;
    let (replayed, next_cursor) =
        service::replay_range(&mut tx, &*app.clock, &actor, id, range).await?;
    tx.commit().await?;
    app.queue.wake();
    Ok(Answer::ok(ReplayedDeliveries { replayed, next_cursor }))
}
