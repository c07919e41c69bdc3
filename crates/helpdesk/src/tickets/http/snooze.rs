//! `POST /api/support/tickets/{id}/snooze`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Problem, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service::snooze;
use crate::tickets::view::TicketView;

/// Until when.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SnoozeTicket {
    /// A time in the future, at most one year away.
    #[serde(deserialize_with = "kamhub_httpkit::query::body_time")]
    #[garde(required)]
    #[schema(value_type = DateTime<Utc>, required = true, examples("2026-03-03T09:00:00Z"))]
    until: Option<DateTime<Utc>>,
}

/// Snooze a ticket
///
/// Out of sight until the time, or until either side writes. A waiting ticket is given to nobody
/// meanwhile, and no deadline moves.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/snooze", operation_id = "ticket_snooze",
    tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = SnoozeTicket, example = json!({"until": "2026-03-03T09:00:00Z"})),
    responses((status = 200, description = "The ticket as it is now", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
    body: Valid<SnoozeTicket>,
) -> ApiResult<Answer> {
    let required = || Problem::invalid_field("until", "Until is required");
    let until = body.value.until.ok_or_else(required)?;
    let mut tx = app.db.begin().await?;
    let ticket = snooze::snooze(&mut tx, &*app.clock, &actor, id, seen, until).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
