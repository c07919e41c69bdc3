//! `GET /api/support/sla/violations/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope};

use super::ViolationView;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::sla::service::violations;
use crate::tickets::http::ticket_path::TicketPath;

/// Read a ticket's violations
///
/// As they are stored, in the order in which the targets ran out.
#[utoipa::path(
    get, path = "/api/support/sla/violations/{id}", operation_id = "sla_violations_of_ticket",
    tag = "sla",
    params(("id" = String, Path, description = "The ticket's id or its number", example = "TKT-17")),
    responses((status = 200, description = "The violations", body = Envelope<Vec<ViolationView>>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let rows = violations::of_ticket(&mut connection, &*app.clock, &actor, id).await?;
    let rows: Vec<ViolationView> = rows.into_iter().map(ViolationView::from).collect();
    Ok(Answer::ok(rows))
}
