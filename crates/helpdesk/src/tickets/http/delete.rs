//! `DELETE /api/support/tickets/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, IfMatch};

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::tickets::service::change;

/// Delete a ticket
///
/// It stays in the database with its history, and nobody finds it any more.
#[utoipa::path(
    delete, path = "/api/support/tickets/{id}", operation_id = "ticket_delete", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 204, description = "It is gone")),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    change::delete(&mut tx, &*app.clock, &actor, id, seen).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
