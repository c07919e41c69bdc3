//! `GET /api/support/tickets/{id}/events`: the timeline.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::TicketEventId;
use crate::tickets::model::TimelineEntry;
use crate::tickets::service;

/// The page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 50)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

/// An entry of the timeline.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketEvent {
    /// The id.
    pub id: TicketEventId,
    /// What happened: created, assigned, waiting, updated, closed, …
    #[serde(rename = "type")]
    #[schema(examples("updated"))]
    pub kind: String,
    /// user, service, customer, anonymous or system.
    #[schema(examples("user"))]
    pub actor_kind: String,
    /// Who, within the kind.
    #[schema(examples("7"))]
    pub actor_id: Option<String>,
    /// Who, by name.
    #[schema(examples("Анна Лебедева"))]
    pub actor_name: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Before and after of what changed, and what belongs to it.
    #[schema(examples(json!({"before": {"status": "open"}, "after": {"status": "in_progress"}})))]
    pub data: serde_json::Value,
}

impl From<TimelineEntry> for TicketEvent {
    fn from(row: TimelineEntry) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id.map(|id| id.to_string()),
            actor_name: row.actor_name,
            occurred_at: row.occurred_at,
            data: row.data,
        }
    }
}

/// Read a ticket's timeline
///
/// Everything that happened to the ticket, oldest first: who, when, before and after.
#[utoipa::path(
    get, path = "/api/support/tickets/{id}/events", operation_id = "ticket_events", tag = "tickets",
    params(("id" = String, Path, description = "The id or the number", example = "TKT-17"), EventsQuery),
    responses((status = 200, description = "A page of the timeline", body = ListEnvelope<TicketEvent>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    ValidQuery(query): ValidQuery<EventsQuery>,
) -> ApiResult<Answer> {
    let limit = query.limit.unwrap_or(50);
    let after = match query.cursor.as_deref().map(str::parse::<TicketEventId>) {
        None => 0,
        Some(Ok(TicketEventId(id))) => id,
        Some(Err(_)) => {
            let sentence = "Cursor is not one of this list; take it from nextCursor";
            return Err(Problem::invalid_field("cursor", sentence));
        }
    };
    let mut connection = app.db.connection().await?;
    let rows = service::timeline(&mut connection, &actor, id, after, limit).await?;
    Ok(Answer::list(rows.map(TicketEvent::from), 1, limit))
}
