//! `GET /api/support/agents/{id}/metrics`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::{from_time, until_time};
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::ids::AgentId;
use crate::period::Period;
use crate::reports::service::{self, AgentMetrics};

/// The period.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// The first moment, a date or a time; 30 days before `to` where it is not given.
    #[serde(deserialize_with = "from_time")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "2025-12-28")]
    from: Option<DateTime<Utc>>,
    /// The last moment, a date (to its end) or a time; now where it is not given.
    #[serde(deserialize_with = "until_time")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "2026-01-28")]
    to: Option<DateTime<Utc>>,
}

/// Read an agent's figures
///
/// Load now; counts and averages over the agent's tickets that were created in the period, which
/// is the last 30 days unless asked otherwise and at most 366 days.
#[utoipa::path(
    get, path = "/api/support/agents/{id}/metrics", operation_id = "agent_metrics", tag = "agents",
    params(("id" = AgentId, Path, description = "The agent"), PeriodQuery),
    responses((status = 200, description = "The figures", body = Envelope<AgentMetrics>)),
)]
pub async fn handler(
    State(app): State<App>,
    PathId(id): PathId<AgentId>,
    ValidQuery(query): ValidQuery<PeriodQuery>,
) -> ApiResult<Answer> {
    let period = Period::of(&*app.clock, query.from, query.to)?;
    let mut connection = app.db.connection().await?;
    Ok(Answer::ok(service::agent_metrics(&mut connection, id, period).await?))
}
