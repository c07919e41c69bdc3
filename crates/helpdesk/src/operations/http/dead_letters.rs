//! Dead letters: `GET /api/support/operations/dead-letters` and `POST …/{id}/replay`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::{from_time, number, until_time};
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId, ValidQuery};
use kamhub_jobs::JobRecord;
use kamhub_jobs::dead::DeadFilter;
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::ids::DeadLetterId;
use crate::operations::service;

/// Which dead letters.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Only this kind of job.
    #[garde(length(chars, min = 1, max = 100))]
    pub kind: Option<String>,
    /// Dead since this time or date.
    #[serde(deserialize_with = "from_time")]
    #[garde(skip)]
    pub from_date: Option<DateTime<Utc>>,
    /// Dead up to this time or date.
    #[serde(deserialize_with = "until_time")]
    #[garde(skip)]
    pub to_date: Option<DateTime<Utc>>,
    /// Older than this dead letter: the last id of the page before.
    #[serde(deserialize_with = "number")]
    #[garde(range(min = 1))]
    #[param(minimum = 1)]
    pub before: Option<i64>,
    /// The most of them.
    #[serde(deserialize_with = "number")]
    #[garde(range(min = 1, max = MAX_LIMIT))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<i64>,
}

/// A job that failed for good.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The job's id.
    #[schema(examples("17"))]
    pub id: String,
    /// What kind of job it is.
    #[schema(examples("operations.forget_old_rows"))]
    pub kind: String,
    /// What it works on.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
    /// How often it was tried.
    #[schema(examples(25))]
    pub attempts: i32,
    /// What the last attempt said.
    #[schema(examples("connection refused"))]
    pub last_error: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was given up.
    pub dead_at: Option<DateTime<Utc>>,
}

impl From<JobRecord> for DeadLetter {
    fn from(job: JobRecord) -> Self {
        Self {
            id: job.id.to_string(),
            kind: job.kind,
            payload: job.payload,
            attempts: job.attempt,
            last_error: job.last_error,
            created_at: job.created_at,
            dead_at: job.dead_at,
        }
    }
}

/// Jobs that failed for good, newest first.
#[utoipa::path(
    get, path = "/api/support/operations/dead-letters", operation_id = "dead_letter_list",
    tag = "operations", params(Query),
    responses((status = 200, description = "The dead letters", body = Envelope<Vec<DeadLetter>>)),
)]
pub async fn list(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<Query>,
) -> ApiResult<Answer> {
    let filter = DeadFilter { kind: query.kind, from: query.from_date, to: query.to_date };
    let limit = u32::try_from(query.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or_default();
    let mut connection = app.db.connection().await?;
    let letters = service::dead_letters(&mut connection, &filter, query.before, limit).await?;
    Ok(Answer::ok(letters.into_iter().map(DeadLetter::from).collect::<Vec<_>>()))
}

/// What was replayed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayedDeadLetter {
    /// The job's id.
    #[schema(examples("17"))]
    pub id: String,
    /// Always true: it waits for a worker again.
    #[schema(examples(true))]
    pub replayed: bool,
}

/// Let a dead letter run again at once, with all its attempts.
#[utoipa::path(
    post, path = "/api/support/operations/dead-letters/{id}/replay",
    operation_id = "dead_letter_replay", tag = "operations",
    params(("id" = DeadLetterId, Path, description = "The dead letter")),
    responses((status = 200, description = "It waits for a worker again", body = Envelope<ReplayedDeadLetter>)),
)]
pub async fn replay(State(app): State<App>, PathId(id): PathId<DeadLetterId>) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    service::replay(&mut tx, &*app.clock, id.0).await?;
    tx.commit().await?;
    app.queue.wake();
    Ok(Answer::ok(ReplayedDeadLetter { id: id.to_string(), replayed: true }))
}
