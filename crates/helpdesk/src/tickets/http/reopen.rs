//! `POST /api/support/tickets/{id}/reopen`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch};

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service::change;
use crate::tickets::state::Status;
use crate::tickets::view::TicketView;

/// Reopen a ticket
///
/// From closed or resolved; from any other state 409 `INVALID_TICKET_STATUS`. A ticket without an
/// agent is given to one at once, or waits. A customer may within some business days after the closing,
/// after that 409 `REOPEN_TOO_LATE`: a message begins a new ticket that continues the old one.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/reopen", operation_id = "ticket_reopen", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The reopened ticket", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let step = change::Step {
        kind: "reopened",
        step: Status::reopen,
        resolution: None,
        window_days: Some(app.settings.reopen_window_days),
    };
    let ticket = change::step(&mut tx, &*app.clock, &actor, id, seen, step).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
