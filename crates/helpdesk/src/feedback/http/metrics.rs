//! `GET /api/support/feedback/metrics`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::{from_time, until_time};
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::category::Category;
use crate::feedback::figures::{Asked, GroupBy};
use crate::feedback::service::figures::{self, FeedbackMetrics};
use crate::ids::AgentId;
use crate::period::Period;

/// The period, and what is counted in it.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct MetricsQuery {
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
    /// About this agent.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "7")]
    agent_id: Option<AgentId>,
    /// Of this team.
    #[garde(inner(custom(text(1, 100))))]
    #[param(example = "payments", max_length = 100)]
    team: Option<String>,
    /// On tickets of this category.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "billing")]
    category: Option<Category>,
    /// What is told apart: week, agent, team or category.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "week")]
    group_by: Option<GroupBy>,
}

/// Read what customers think, in figures
///
/// Satisfaction, averages, recommendation, promoter score and effort over feedback given in the
/// period, which is the last 30 days unless asked otherwise and at most 366 days. Team and category
/// are those that the ticket had when the feedback was given.
#[utoipa::path(
    get, path = "/api/support/feedback/metrics", operation_id = "feedback_metrics",
    tag = "feedback",
    params(MetricsQuery),
    responses((status = 200, description = "The figures", body = Envelope<FeedbackMetrics>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<MetricsQuery>,
) -> ApiResult<Answer> {
    let period = Period::of(&*app.clock, query.from, query.to)?;
    let asked = Asked {
        from: period.from,
        to: period.to,
        agent: query.agent_id,
        team: query.team,
        category: query.category,
        group_by: query.group_by,
    };
    let mut connection = app.db.connection().await?;
    Ok(Answer::ok(figures::metrics(&mut connection, &asked).await?))
}
