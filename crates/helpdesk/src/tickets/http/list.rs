//! `GET /api/support/tickets`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::{flag, from_time, list as words, number, until_time};
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::Faults;
use kamhub_kernel::page::{
    DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::one_agent;
use crate::agents;
use crate::app::App;
use crate::category::Category;
use crate::identity::http::caller::Caller;
use crate::ids::{AgentId, TicketId};
use crate::tickets::model::Priority;
use crate::tickets::query::{Assignee, Filter, ListRequest, SortBy, SortKey, SortOrder};
use crate::tickets::service::list;
use crate::tickets::state::Status;
use crate::tickets::view::TicketView;

/// Filters, order and page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// One or several states, separated by commas.
    #[serde(deserialize_with = "words")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "open,in_progress")]
    status: Vec<Status>,
    /// One or several priorities, separated by commas.
    #[serde(deserialize_with = "words")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "high,urgent")]
    priority: Vec<Priority>,
    /// One or several categories, separated by commas.
    #[serde(deserialize_with = "words")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "billing")]
    category: Vec<Category>,
    /// The platform's customer number.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "42")]
    customer_id: Option<TicketId>,
    /// An agent.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "7")]
    agent_id: Option<AgentId>,
    /// An agent, `me` for one's own, or `nobody`.
    #[garde(skip)]
    #[param(example = "me")]
    assigned_to: Option<String>,
    /// A team.
    #[garde(skip)]
    team: Option<String>,
    /// A tag.
    #[garde(skip)]
    tag: Option<String>,
    /// `true`: only tickets that are snoozed; `false`: only those that are not. Both where it is left out.
    #[serde(deserialize_with = "flag")]
    #[garde(skip)]
    #[param(value_type = Option<bool>, example = false)]
    snoozed: Option<bool>,
    /// Created then or later: a date, or a time.
    #[serde(deserialize_with = "from_time")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "2025-12-28")]
    from_date: Option<DateTime<Utc>>,
    /// Created then or earlier: a date (to its end), or a time.
    #[serde(deserialize_with = "until_time")]
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "2026-01-28")]
    to_date: Option<DateTime<Utc>>,
    /// Words in subject and description, or a ticket number; at most 200 characters.
    #[garde(inner(custom(text(1, 200))))]
    #[param(example = "вулкан", max_length = 200)]
    search: Option<String>,
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
    /// createdAt, updatedAt, priority, or slaDue: the most urgent first, tickets without a deadline last.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "createdAt")]
    sort_by: Option<SortBy>,
    /// ASC or DESC; the newest first where it is left out, and by slaDue the most urgent.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "DESC")]
    sort_order: Option<SortOrder>,
    /// `exact` counts to the end; otherwise totals stop at 1000.
    #[garde(skip)]
    #[param(example = "exact")]
    total: Option<String>,
}

impl ListQuery {
    fn request(self, me: Option<AgentId>) -> Result<ListRequest, Faults> {
        let mut faults = Faults::new();
        let assignee = self.assignee(me, &mut faults);
        let sort_by = self.sort_by.unwrap_or(SortBy::CreatedAt);
        let order = self.sort_order.unwrap_or_else(|| sort_by.usual_order());
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        let page = self.page.unwrap_or(1);
        let start = match self.cursor.as_deref().map(decode_cursor::<SortKey>) {
            Some(Ok(key)) if key.list == ListRequest::mark(sort_by, order) => Start::After(key),
            Some(_) => {
                faults.add("cursor", "Cursor is not one of this list; take it from nextCursor");
                Start::Offset(0)
            }
            None => Start::Offset(page.saturating_sub(1).saturating_mul(limit)),
        };
        if matches!(start, Start::Offset(rows) if rows.saturating_add(limit) > MAX_OFFSET) {
            faults.add("page", "Page lies beyond 10000 rows; continue with the cursor instead");
        }
        let exact_total = match self.total.as_deref() {
            None | Some("capped") => false,
            Some("exact") => true,
            Some(_) => {
                faults.add("total", "Total must be exact or capped");
                false
            }
        };
        faults.check(ListRequest {
            filter: Filter {
                status: self.status,
                priority: self.priority,
                category: self.category,
                customer_id: self.customer_id.map(|id| id.0),
                requester: None,
                only: None,
                assignee,
                team: self.team,
                tag: self.tag,
                snoozed: self.snoozed,
                from: self.from_date,
                until: self.to_date,
                search: self.search,
            },
            sort_by,
            order,
            page: PageRequest { start, limit, exact_total },
        })
    }

    fn assignee(&self, me: Option<AgentId>, faults: &mut Faults) -> Option<Assignee> {
        let named = match self.assigned_to.as_deref() {
            None => None,
            Some("nobody" | "unassigned" | "none") => Some(Assignee::Nobody),
            Some("me") => Some(me.map_or(Assignee::Agent(AgentId(0)), Assignee::Agent)),
            Some(text) => match text.parse().map(Assignee::Agent) {
                Ok(agent) => Some(agent),
                Err(_) => {
                    faults.add("assignedTo", "Assigned to must be an agent's id, me or nobody");
                    None
                }
            },
        };
        match one_agent(self.agent_id.map(Assignee::Agent), named) {
            Ok(assignee) => assignee,
            Err(different) => {
                faults.merge(different);
                None
            }
        }
    }
}

/// List tickets
///
/// Newest first unless asked otherwise. Customers get their own. `page` serves people; programs
/// follow `nextCursor`, which costs the same on every page.
#[utoipa::path(
    get, path = "/api/support/tickets", operation_id = "ticket_list", tag = "tickets",
    params(ListQuery),
    responses((status = 200, description = "A page of tickets", body = ListEnvelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let me = match query.assigned_to.as_deref() {
        Some("me") => agents::service::agent_of(&mut connection, &actor).await?,
        _ => None,
    };
    let page = query.page.unwrap_or(1);
    let request = query.request(me).map_err(Problem::invalid)?;
    let limit = request.page.limit;
    let tickets = list::list(&mut connection, &app.cache, &actor, request).await?;
    Ok(Answer::list(tickets.map(|ticket| ticket.view_for(&actor)), page, limit))
}
