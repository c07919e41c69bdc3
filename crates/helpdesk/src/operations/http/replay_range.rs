//! `POST /api/support/operations/dead-letters/replay`: a range of dead letters.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::body_time;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use kamhub_jobs::dead::DeadFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::operations::service;

/// Which dead letters: everything that is given must hold.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplayRange {
    /// Only this kind of job.
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100, examples("notifications.send_email"))]
    kind: Option<String>,
    /// Given up at this time or later.
    #[serde(deserialize_with = "body_time")]
    #[garde(skip)]
    from_date: Option<DateTime<Utc>>,
    /// Given up before this time.
    #[serde(deserialize_with = "body_time")]
    #[garde(skip)]
    to_date: Option<DateTime<Utc>>,
}

/// What was replayed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayedRange {
    /// How many dead letters wait for a worker again.
    #[schema(examples(12))]
    pub replayed: usize,
}

/// Let a range of dead letters run again
///
/// At once, with all their attempts. An empty body means all of them.
#[utoipa::path(
    post, path = "/api/support/operations/dead-letters/replay",
    operation_id = "dead_letter_replay_range", tag = "operations",
    request_body(content = ReplayRange, example = json!({
        "kind": "notifications.send_email", "fromDate": "2026-11-20T18:00:00Z",
        "toDate": "2026-11-20T22:00:00Z"
    })),
    responses((status = 200, description = "How many", body = Envelope<ReplayedRange>)),
)]
pub async fn handler(State(app): State<App>, body: Valid<ReplayRange>) -> ApiResult<Answer> {
    let ReplayRange { kind, from_date, to_date } = body.value;
    let filter = DeadFilter { kind, from: from_date, to: to_date };
    let mut tx = app.db.begin().await?;
    let replayed = service::replay_range(&mut tx, &*app.clock, &filter).await?;
    tx.commit().await?;
    app.queue.wake();
    Ok(Answer::ok(ReplayedRange { replayed }))
}
