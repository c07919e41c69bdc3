//! `GET /api/support/tickets/{id}/messages`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::Faults;
use kamhub_kernel::page::{DEFAULT_LIMIT, PageRequest, Start, decode_cursor};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::messages::model::MessageView;
use crate::messages::service::{self, SortKey};
use crate::tickets::http::ticket_path::TicketPath;

/// The page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// How many rows to pass over, at most 10,000; beyond that use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 0, max = 10_000)))]
    #[param(value_type = Option<i64>, minimum = 0, maximum = 10_000, example = 0)]
    offset: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
    /// `exact` counts to the end; otherwise totals stop at 1000.
    #[garde(skip)]
    #[param(example = "exact")]
    total: Option<String>,
}

impl MessagesQuery {
    fn request(&self) -> Result<PageRequest<SortKey>, Faults> {
        let mut faults = Faults::new();
        let start = match self.cursor.as_deref().map(decode_cursor::<SortKey>) {
            None => Start::Offset(self.offset.unwrap_or(0)),
            Some(Ok(key)) => Start::After(key),
            Some(Err(_)) => {
                faults.add("cursor", "Cursor is not one of this list; take it from nextCursor");
                Start::Offset(0)
            }
        };
        let exact_total = match self.total.as_deref() {
            None | Some("capped") => false,
            Some("exact") => true,
            Some(_) => {
                faults.add("total", "Total must be exact or capped");
                false
            }
        };
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        faults.check(PageRequest { start, limit, exact_total })
    }
}

/// List a ticket's messages
///
/// Oldest first. Customers get no internal notes. A merged ticket shows the conversation that it
/// went into.
#[utoipa::path(
    get, path = "/api/support/tickets/{id}/messages", operation_id = "message_list",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The ticket's id or number", example = "TKT-17"),
        MessagesQuery,
    ),
    responses((status = 200, description = "A page of messages", body = ListEnvelope<MessageView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(ticket): TicketPath,
    ValidQuery(query): ValidQuery<MessagesQuery>,
) -> ApiResult<Answer> {
    let request = query.request().map_err(Problem::invalid)?;
    let page = query.offset.unwrap_or(0) / request.limit + 1;
    let mut connection = app.db.connection().await?;
    let messages = service::list(&mut connection, &actor, ticket, &request).await?;
    Ok(Answer::list(messages.map(|message| message.view_for(&actor)), page, request.limit))
}
