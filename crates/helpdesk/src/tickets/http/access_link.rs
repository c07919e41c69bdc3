//! `POST /api/support/tickets/{id}/access-link`: a link by which the customer reaches the ticket.

use axum::extract::State;
use chrono::{DateTime, Utc};
use kamhub_httpkit::{Answer, ApiResult, Envelope};
use serde::Serialize;
use utoipa::ToSchema;

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity;
use crate::identity::http::caller::Caller;
use crate::tickets::service;

/// A signed link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessLink {
    /// The secret: send it as `X-Ticket-Access`, or as the query parameter `access`.
    #[schema(examples("AAAAAAAAABEAAAAAAAAAKgAAAABpz8cA"))]
    pub token: String,
    /// The page that it opens, to send to the customer.
    #[schema(examples("https://support.kamhub.example/t/AAAAAAAAABEAAAAAAAAAKgAAAABpz8cA"))]
    pub url: String,
    /// Until when it opens the ticket.
    pub expires_at: DateTime<Utc>,
}

/// Make a link for the customer
///
/// Whoever has the link reads this one ticket, writes in it and rates it, without an account, for
/// 30 days. Send it to nobody but the address that the ticket names.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/access-link", operation_id = "ticket_link",
    tag = "tickets",
    params(("id" = String, Path, description = "The id or the number", example = "TKT-17")),
    responses((status = 201, description = "The link", body = Envelope<AccessLink>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let ticket = service::read(&mut tx, &actor, id).await?;
    let customer = match ticket.requester_id {
        Some(customer) => customer,
        None => {
            let (name, email) = (&ticket.customer_name, &ticket.customer_email);
            identity::service::customer_for_service(&mut tx, &*app.clock, None, name, email).await?
        }
    };
    tx.commit().await?;
    let expires_at = app.clock.now() + identity::service::TICKET_LINK_LIFE;
    let token = identity::service::ticket_link_create(&app.keys, ticket.id, customer, expires_at);
    let url = identity::service::ticket_link_url(&app.settings.public_url, &token);
    Ok(Answer::created(AccessLink { token, url, expires_at }))
}
