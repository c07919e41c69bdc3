//! `POST /api/support/tickets/{id}/unmerge`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch};

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service::merge;
use crate::tickets::view::TicketView;

/// Undo a merge
///
/// The messages that came with the ticket, and those written to it since, go back to it; its state
/// and its agent are as they were, and without an agent it is given to one, or waits. A ticket that
/// was never merged: 409 `MERGE_REFUSED`.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/unmerge", operation_id = "ticket_unmerge",
    tag = "tickets",
    params(
        ("id" = String, Path, description = "The merged ticket's id or number", example = "TKT-18"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The ticket on its own again", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let ticket = merge::unmerge(&mut tx, &*app.clock, &actor, id, seen).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
