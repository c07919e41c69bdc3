//! `DELETE /api/support/tickets/{id}/snooze`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch};

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service::snooze;
use crate::tickets::view::TicketView;

/// End a snooze
///
/// The ticket is back at once; one that is not snoozed stays as it is.
#[utoipa::path(
    delete, path = "/api/support/tickets/{id}/snooze", operation_id = "ticket_unsnooze",
    tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 200, description = "The ticket as it is now", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let ticket = snooze::unsnooze(&mut tx, &*app.clock, &actor, id, seen).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
