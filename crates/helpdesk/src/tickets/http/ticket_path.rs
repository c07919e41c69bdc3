//! The ticket in the path: its id or its number.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kamhub_httpkit::Problem;
use kamhub_httpkit::path::path_text;

use crate::ids::TicketId;

/// The path's `{id}`: an id (`17`) or a ticket number (`TKT-17`).
#[derive(Debug, Clone, Copy)]
pub struct TicketPath(pub TicketId);

impl<S: Send + Sync> FromRequestParts<S> for TicketPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_text(parts, state).await?;
        TicketId::from_number_or_id(&text).map(Self).ok_or_else(|| {
            Problem::invalid_field("id", "Id must be a ticket's id or its number, like TKT-17")
        })
    }
}
