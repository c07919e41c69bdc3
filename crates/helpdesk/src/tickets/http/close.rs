//! `POST /api/support/tickets/{id}/close`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service::change;
use crate::tickets::state::Status;
use crate::tickets::view::TicketView;

/// What may be said when a ticket is closed; the body may be left out.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CloseTicket {
    /// How it was solved, at most 5000 characters.
    #[garde(inner(custom(text(0, 5000))))]
    #[schema(max_length = 5000, examples("Refunded in full"))]
    resolution: Option<String>,
}

/// Close a ticket
///
/// From resolved or on hold; from any other state 409 `INVALID_TICKET_STATUS`.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/close", operation_id = "ticket_close", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = Option<CloseTicket>, example = json!({"resolution": "Refunded in full"})),
    responses((status = 200, description = "The closed ticket", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
    body: Valid<CloseTicket>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let resolution = body.value.resolution.filter(|_| actor.is_staff());
    let step = change::Step { kind: "closed", step: Status::close, resolution, window_days: None };
    let ticket = change::step(&mut tx, &*app.clock, &actor, id, seen, step).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
