//! `PATCH` and `PUT /api/support/tickets/{id}`: both change the given fields only.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Unchecked};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::same_agent;
use super::ticket_path::TicketPath;
use crate::app::App;
use crate::category::Category;
use crate::identity::http::caller::Caller;
use crate::ids::{AgentId, TicketId};
use crate::tickets::model::Priority;
use crate::tickets::service::change::{self, Update};
use crate::tickets::state::Status;
use crate::tickets::view::TicketView;

/// What is to change; what is not given stays. Null empties a field that may be empty.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateTicket {
    /// What it is about, 1 to 255 characters.
    #[garde(inner(custom(text(1, 255))))]
    #[schema(min_length = 1, max_length = 255)]
    subject: Option<String>,
    /// What was written first, 10 to 5000 characters.
    #[garde(inner(custom(text(10, 5000))))]
    #[schema(min_length = 10, max_length = 5000)]
    description: Option<String>,
    /// The state; only the steps of the state machine.
    #[garde(skip)]
    #[schema(examples("in_progress"))]
    status: Option<Status>,
    /// The priority.
    #[garde(skip)]
    priority: Option<Priority>,
    /// The category.
    #[garde(skip)]
    category: Option<Category>,
    /// Who works on it; null gives it back to the queue.
    #[serde(deserialize_with = "given")]
    #[garde(skip)]
    #[schema(value_type = Option<AgentId>)]
    agent_id: Option<Option<AgentId>>,
    /// The same as `agentId`.
    #[serde(deserialize_with = "given")]
    #[garde(inner(custom(same_agent(self.agent_id.as_ref()))))]
    #[schema(value_type = Option<AgentId>)]
    assigned_to: Option<Option<AgentId>>,
    /// The team, 1 to 100 characters.
    #[serde(deserialize_with = "given")]
    #[garde(inner(inner(custom(text(1, 100)))))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    team: Option<Option<String>>,
    /// All tags: at most 50 of 1 to 50 characters.
    #[serde(deserialize_with = "at_most_given::<50, _, _>")]
    #[garde(inner(inner(custom(text(1, 50)))))]
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// How it was solved, at most 5000 characters.
    #[serde(deserialize_with = "given")]
    #[garde(inner(inner(custom(text(0, 5000)))))]
    #[schema(value_type = Option<String>, max_length = 5000)]
    resolution: Option<Option<String>>,
    /// The platform's booking number.
    #[serde(deserialize_with = "given")]
    #[garde(skip)]
    #[schema(value_type = Option<TicketId>)]
    related_booking_id: Option<Option<TicketId>>,
    /// The platform's order number.
    #[serde(deserialize_with = "given")]
    #[garde(skip)]
    #[schema(value_type = Option<TicketId>)]
    related_order_id: Option<Option<TicketId>>,
    /// The version that was read, for callers who cannot send If-Match.
    #[garde(skip)]
    #[schema(examples(1))]
    version: Option<i32>,
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl UpdateTicket {
    /// The agent, with the name of the field that names them.
    fn agent(&self) -> Option<(&'static str, AgentId)> {
        let of = |name, field: Option<Option<AgentId>>| Some((name, field??));
        of("agentId", self.agent_id).or(of("assignedTo", self.assigned_to))
    }
}

impl From<UpdateTicket> for Update {
    fn from(body: UpdateTicket) -> Self {
        Self {
            subject: body.subject,
            description: body.description,
            status: body.status,
            priority: body.priority,
            category: body.category,
            agent: body.agent_id.or(body.assigned_to),
            team: body.team,
            tags: body.tags,
            resolution: body.resolution,
            related_booking_id: body.related_booking_id.map(|id| id.map(|id| id.0)),
            related_order_id: body.related_order_id.map(|id| id.map(|id| id.0)),
        }
    }
}

/// Update a ticket
///
/// Changes the given fields. With If-Match (or `version`) a stale update gets 409 and the current
/// ticket. A step that the state machine does not know gets 409 `INVALID_TICKET_STATUS`.
#[utoipa::path(
    patch, path = "/api/support/tickets/{id}", operation_id = "ticket_update", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateTicket,
        example = json!({"status": "in_progress", "priority": "urgent", "tags": ["vip"]})),
    responses((status = 200, description = "The ticket as it is now", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
    mut body: Unchecked<UpdateTicket>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    if let Some((field, agent)) = body.read().and_then(UpdateTicket::agent) {
        body.add(&change::agent_faults(&mut tx, field, agent).await?);
    }
    let body = body.valid()?.value;
    let seen = IfMatch(seen).or_version(body.version)?;
    let ticket = change::update(&mut tx, &*app.clock, &actor, id, seen, body.into()).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}

/// Update a ticket
///
/// The same as PATCH: fields that are not given stay as they are.
#[utoipa::path(
    put, path = "/api/support/tickets/{id}", operation_id = "ticket_replace", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateTicket, example = json!({"priority": "urgent"})),
    responses((status = 200, description = "The ticket as it is now", body = Envelope<TicketView>)),
)]
pub async fn put(
    app: State<App>,
    caller: Caller,
    path: TicketPath,
    seen: IfMatch,
    body: Unchecked<UpdateTicket>,
) -> ApiResult<Answer> {
    handler(app, caller, path, seen, body).await
}
