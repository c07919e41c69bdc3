//! `GET /api/support/sla/violations`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::{from_time, number, until_time};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ViolationView;
use crate::app::App;
use crate::ids::AgentId;
use crate::sla::model::{ViolationFilter, ViolationKey, ViolationType};
use crate::sla::service::violations;

/// Filters and page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ViolationsQuery {
    /// Of this type.
    #[serde(rename = "type")]
    #[garde(skip)]
    kind: Option<ViolationType>,
    /// Those that somebody has seen (true), or nobody (false).
    #[garde(skip)]
    #[param(value_type = Option<bool>, example = "false")]
    acknowledged: Option<Seen>,
    /// Of tickets that this agent had when the target ran out.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "7")]
    agent_id: Option<AgentId>,
    /// The target ran out then or later: a date, or a time.
    #[serde(deserialize_with = "from_time")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "2025-12-28")]
    from: Option<DateTime<Utc>>,
    /// The target ran out then or earlier: a date (to its end), or a time.
    #[serde(deserialize_with = "until_time")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "2026-01-28")]
    to: Option<DateTime<Utc>>,
    /// The page, from 1; page × limit may reach 10,000, beyond that use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1)))]
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

kamhub_kernel::wire_enum! {
    /// Whether somebody has seen it.
    pub enum Seen {
        /// Somebody has.
        Yes = "true",
        /// Nobody has.
        No = "false",
    }
}

/// List violations
///
/// The latest first. Filters may be combined.
#[utoipa::path(
    get, path = "/api/support/sla/violations", operation_id = "sla_violation_list", tag = "sla",
    params(ViolationsQuery),
    responses((status = 200, description = "A page of violations", body = ListEnvelope<ViolationView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ViolationsQuery>,
) -> ApiResult<Answer> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let page = query.page.unwrap_or(1);
    let start = match query.cursor.as_deref().map(decode_cursor::<ViolationKey>) {
        None => Start::Offset(page.saturating_sub(1).saturating_mul(limit)),
        Some(Ok(key)) => Start::After(key),
        Some(Err(error)) => {
            return Err(Problem::invalid_field("cursor", format!("Cursor {error}")));
        }
    };
    if matches!(start, Start::Offset(rows) if rows.saturating_add(limit) > MAX_OFFSET) {
        let sentence = "Page lies beyond 10000 rows; continue with the cursor instead";
        return Err(Problem::invalid_field("page", sentence));
    }
    let filter = ViolationFilter {
        kind: query.kind,
        acknowledged: query.acknowledged.map(|seen| seen == Seen::Yes),
        agent: query.agent_id,
        from: query.from,
        until: query.to,
    };
    let request = PageRequest { start, limit, exact_total: false };
    let mut connection = app.db.connection().await?;
    let rows = violations::list(&mut connection, &*app.clock, &filter, &request).await?;
    Ok(Answer::list(rows.map(ViolationView::from), page, limit))
}
