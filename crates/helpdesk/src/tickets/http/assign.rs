//! `POST /api/support/tickets/{id}/assign`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Unchecked};
use serde::Deserialize;
use utoipa::ToSchema;

use super::same_agent;
use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::AgentId;
use crate::tickets::service::change;
use crate::tickets::view::TicketView;

/// To whom; nobody named means: to whoever is best.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AssignTicket {
    /// The agent.
    #[garde(skip)]
    #[schema(examples("7"))]
    agent_id: Option<AgentId>,
    /// The same as `agentId`.
    #[garde(inner(custom(same_agent(self.agent_id.as_ref()))))]
    assigned_to: Option<AgentId>,
}

impl AssignTicket {
    /// The agent, with the name of the field that names them.
    fn agent(&self) -> Option<(&'static str, AgentId)> {
        let of = |name, field: Option<AgentId>| Some((name, field?));
        of("agentId", self.agent_id).or(of("assignedTo", self.assigned_to))
    }
}

/// Assign a ticket
///
/// To the named agent, even beyond their capacity; without one, to the least loaded agent who is
/// available and specialised. Where there is none it stays as it is: with its agent, or waiting.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/assign", operation_id = "ticket_assign", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = Option<AssignTicket>, example = json!({"agentId": "7"})),
    responses((status = 200, description = "The ticket as it is now", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
    mut body: Unchecked<AssignTicket>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    if let Some((field, agent)) = body.read().and_then(AssignTicket::agent) {
        body.add(&change::agent_faults(&mut tx, field, agent).await?);
    }
    let agent = body.valid()?.value.agent().map(|(_, agent)| agent);
    let ticket = change::assign(&mut tx, &*app.clock, &actor, id, seen, agent).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
