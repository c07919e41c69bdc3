//! `GET /api/support/notifications`: the caller's inbox, or the receipts of a ticket.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::{Answer, ApiResult, ErrorBody, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_OFFSET, PageRequest, Start, decode_cursor};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::entry::{InboxEntry, NotificationReceipt};
use super::person;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::TicketId;
use crate::notifications::service::{inbox, receipts};

/// Which notifications.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// The id or the number of a ticket: its receipts instead of the caller's inbox.
    #[garde(skip)]
    #[param(example = "TKT-17")]
    ticket_id: Option<String>,
    /// The page, from 1; beyond 10,000 rows use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1)))]
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

impl NotificationQuery {
    fn page<C: DeserializeOwned>(&self) -> ApiResult<PageRequest<C>> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let rows = self.page.unwrap_or(1).saturating_sub(1).saturating_mul(limit);
        let start = match self.cursor.as_deref().map(decode_cursor) {
            Some(Ok(key)) => Start::After(key),
            Some(Err(error)) => {
                return Err(Problem::invalid_field("cursor", format!("Cursor {error}")));
            }
            None if rows.saturating_add(limit) > MAX_OFFSET => {
                let sentence = "Page lies beyond 10000 rows; continue with the cursor instead";
                return Err(Problem::invalid_field("page", sentence));
            }
            None => Start::Offset(rows),
        };
        Ok(PageRequest { start, limit, exact_total: false })
    }
}

/// A row: an entry of the inbox, or a receipt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum NotificationRow {
    /// An entry of the caller's inbox.
    Entry(InboxEntry),
    /// A receipt of a ticket.
    Receipt(NotificationReceipt),
}

/// Read the inbox, or a ticket's receipts
///
/// Without `ticketId` the inbox of the signed-in person, unread entries first and newest first. With it
/// what was sent about the ticket, to whom, when, how often it was tried, and why it failed; before that notices of
/// deadlines that are pending, such as for the end of somebody's quiet hours.
#[utoipa::path(
    get, path = "/api/support/notifications", operation_id = "notification_list",
    tag = "notifications", params(NotificationQuery),
    responses((status = 200, description = "A page of entries or receipts",
        body = ListEnvelope<NotificationRow>),
        (status = 404, description = "There is no such ticket, or not for this caller", body = ErrorBody)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ValidQuery(query): ValidQuery<NotificationQuery>,
) -> ApiResult<Answer> {
    let (page, limit) = (query.page.unwrap_or(1), query.limit.unwrap_or(DEFAULT_LIMIT));
    let mut connection = app.db.connection().await?;
    if let Some(text) = &query.ticket_id {
        let ticket = TicketId::from_number_or_id(text).ok_or_else(|| {
            Problem::invalid_field("ticketId", "Ticket id must be an id or a number such as TKT-17")
        })?;
        let request = query.page::<receipts::Place>()?;
        let rows = receipts::of_ticket(&mut connection, &actor, ticket, &request).await?;
        let rows = rows.map(|row| NotificationRow::Receipt(row.into()));
        return Ok(Answer::list(rows, page, limit));
    }
    let Ok(user) = person(&actor) else {
        let sentence = "Ticket id is required: only a signed-in person has an inbox";
        return Err(Problem::invalid_field("ticketId", sentence));
    };
    let entries = inbox::list(&mut connection, user, &query.page()?).await?;
    Ok(Answer::list(entries.map(|row| NotificationRow::Entry(row.into())), page, limit))
}
