//! `POST /api/support/tickets/{id}/snooze`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service::snooze::{self, Snooze};
use crate::tickets::view::TicketView;

/// When it comes back: at least one of these.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SnoozeTicket {
    /// A time in the future, at most one year away; a year where only one of the others is given.
    #[serde(deserialize_with = "kamhub_httpkit::query::body_time")]
    #[garde(skip)]
    #[schema(value_type = Option<DateTime<Utc>>, examples("2026-03-03T09:00:00Z"))]
    until: Option<DateTime<Utc>>,
    /// Back when the earliest deadline is as near as so many minutes, 1 to 43200.
    #[garde(inner(range(min = 1, max = 43_200)))]
    #[schema(minimum = 1, maximum = 43_200, examples(60))]
    slack_minutes: Option<i32>,
    /// Back when either side writes, which ends every snooze; true where nothing else is to end it.
    #[garde(skip)]
    #[schema(examples(true))]
    until_reply: Option<bool>,
}

/// Snooze a ticket
///
/// Out of sight until a time, until a deadline comes near, or until either side writes, whichever is
/// first. A waiting ticket is given to nobody meanwhile, and no deadline moves. Lists have snoozed tickets
/// too, unless `snoozed=false` leaves them out.
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
    let SnoozeTicket { until, slack_minutes, until_reply } = body.value;
    let wanted = Snooze { until, slack_minutes, until_reply: until_reply.unwrap_or(false) };
    let mut tx = app.db.begin().await?;
    let ticket = snooze::snooze(&mut tx, &*app.clock, &actor, id, seen, wanted).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
