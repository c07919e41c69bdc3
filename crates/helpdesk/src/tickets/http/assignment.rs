//! `GET /api/support/tickets/{id}/assignment`: why this agent, or why nobody?

use axum::extract::State;
use chrono::{DateTime, Utc};
use kamhub_httpkit::{Answer, ApiResult, Envelope};
use serde::Serialize;
use utoipa::ToSchema;

use super::ticket_path::TicketPath;
use crate::agents;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::AgentId;
use crate::tickets::service;

/// Where a ticket stands with agents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Who works on it.
    pub agent_id: Option<AgentId>,
    /// Whether it waits for an agent.
    pub waiting: bool,
    /// Until when it is snoozed at the latest: it is given to nobody meanwhile.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Who could take it now, and why the others could not.
    pub now: agents::decision::Decision,
}

/// Why is this ticket assigned, or not?
///
/// What an automatic assignment would decide now: candidates, and why each is or is not suitable.
/// A snoozed ticket goes to nobody, and says so (`snoozed`).
/// What was decided earlier is in the ticket's timeline.
#[utoipa::path(
    get, path = "/api/support/tickets/{id}/assignment", operation_id = "ticket_assignment",
    tag = "tickets",
    params(("id" = String, Path, description = "The id or the number", example = "TKT-17")),
    responses((status = 200, description = "The reasons", body = Envelope<Assignment>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let ticket = service::read(&mut connection, &actor, id).await?;
    let snoozed_until = ticket.snoozed_until.filter(|until| *until > app.clock.now());
    let (category, is_snoozed) = (ticket.category, snoozed_until.is_some());
    let now =
        agents::service::explain(&mut connection, app.clock.now(), category, is_snoozed).await?;
    let (agent_id, waiting) = (ticket.agent_id, ticket.waits());
    Ok(Answer::ok(Assignment { agent_id, waiting, snoozed_until, now }))
}
