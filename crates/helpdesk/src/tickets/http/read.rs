//! `GET /api/support/tickets/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope};

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service;
use crate::tickets::view::TicketView;

/// Read a ticket
///
/// By id or number. A customer reaches their own tickets only. A merged ticket names the one it
/// went into.
#[utoipa::path(
    get, path = "/api/support/tickets/{id}", operation_id = "ticket_read", tag = "tickets",
    params(("id" = String, Path, description = "The id or the number", example = "TKT-17")),
    responses((status = 200, description = "The ticket; its version is the ETag",
        body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let ticket = service::read(&mut connection, &actor, id).await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
