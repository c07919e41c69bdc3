//! `GET /api/support/sla/compliance`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::{from_time, until_time};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::period::Period;
use crate::reports::service::compliance::{self as service, Compliance, Dimension};

/// The period, and whether groups are wanted.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ComplianceQuery {
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
    /// What the answer's groups have in common: `team`, `agent`, `category`, `priority` or `day`.
    #[garde(skip)]
    #[param(example = "team")]
    group_by: Option<Dimension>,
}

/// Read compliance
///
/// By ticket: tickets created in the period, their violations of first response and resolution, and the
/// share of tickets without any. Beside it by clock instance: what was fulfilled in time as a share of
/// that and what was not, by when the target ended. The period is the last 30 days unless asked
/// otherwise and at most 366 days.
#[utoipa::path(
    get, path = "/api/support/sla/compliance", operation_id = "sla_compliance", tag = "sla",
    params(ComplianceQuery),
    responses((status = 200, description = "The figures", body = Envelope<Compliance>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ComplianceQuery>,
) -> ApiResult<Answer> {
    let period = Period::of(&*app.clock, query.from, query.to)?;
    let mut connection = app.db.connection().await?;
    let figures = service::compliance(&mut connection, &*app.clock, period, query.group_by).await?;
    Ok(Answer::ok(figures))
}
