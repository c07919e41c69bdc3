//! `GET /api/support/agents`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::Faults;
use kamhub_kernel::page::{
    DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::agents::model::{Agent, AgentStatus};
use crate::agents::service::{self, Filter};
use crate::app::App;
use crate::category::Category;
use crate::ids::AgentId;

/// Filters and page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// A team.
    #[garde(inner(custom(text(1, 100))))]
    #[param(example = "Bookings", max_length = 100)]
    team: Option<String>,
    /// Only those who could be given a ticket of this category now: specialised in it, online,
    /// within working hours, below capacity.
    #[garde(skip)]
    #[param(example = "billing")]
    category: Option<Category>,
    /// A status.
    #[garde(skip)]
    #[param(example = "online")]
    status: Option<AgentStatus>,
    /// The page, from 1; page × limit may reach 10,000, beyond that use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1)))]
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(custom(between(1, MAX_LIMIT))))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

impl ListQuery {
    fn page(&self) -> Result<PageRequest<AgentId>, Faults> {
        let mut faults = Faults::new();
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let skip = self.page.unwrap_or(1).saturating_sub(1).saturating_mul(limit);
        let start = match self.cursor.as_deref().map(decode_cursor) {
            Some(Ok(agent)) => Start::After(agent),
            Some(Err(error)) => {
                faults.add("cursor", format!("Cursor {error}"));
                Start::Offset(0)
            }
            None => Start::Offset(skip),
        };
        if matches!(start, Start::Offset(rows) if rows.saturating_add(limit) > MAX_OFFSET) {
            faults.add("page", "Page lies beyond 10000 rows; continue with the cursor instead");
        }
        faults.check(PageRequest { start, limit, exact_total: true })
    }
}

/// List agents
///
/// By id. `category` answers who could be given such a ticket now. The total is exact.
#[utoipa::path(
    get, path = "/api/support/agents", operation_id = "agent_list", tag = "agents",
    params(ListQuery),
    responses((status = 200, description = "A page of agents", body = ListEnvelope<Agent>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let page = query.page().map_err(Problem::invalid)?;
    let filter = Filter { team: query.team, status: query.status, ids: None };
    let mut connection = app.db.connection().await?;
    let agents =
        service::list(&mut connection, app.clock.now(), filter, query.category, &page).await?;
    Ok(Answer::list(agents, query.page.unwrap_or(1), page.limit))
}
