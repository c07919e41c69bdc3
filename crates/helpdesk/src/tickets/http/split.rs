//! `POST /api/support/tickets/{id}/split`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::items::at_most;
use kamhub_httpkit::validate::{some, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, IdempotencyKey, IfMatch, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::category::Category;
use crate::identity::http::caller::Caller;
use crate::ids::MessageId;
use crate::tickets::service::split::{self, Split};
use crate::tickets::view::TicketView;

/// What becomes a ticket of its own.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SplitTicket {
    /// 1 to 100 messages of the ticket.
    #[serde(deserialize_with = "at_most::<100, _, _>")]
    #[garde(custom(some))]
    #[schema(required = true, min_items = 1, max_items = 100, examples(json!(["3", "4"])))]
    message_ids: Vec<MessageId>,
    /// What the new ticket is about, 1 to 255 characters.
    #[garde(custom(text(1, 255)))]
    #[schema(required = true, min_length = 1, max_length = 255, examples("Invoice for the group"))]
    subject: String,
    /// The new ticket's category; the old one's where none is given.
    #[garde(skip)]
    #[schema(examples("billing"))]
    category: Option<Category>,
}

/// Split a ticket
///
/// The messages go to a new ticket for the same customer and keep their ids and times. The new
/// ticket begins with the first of them, which is its description too, and is assigned like any
/// other.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/split", operation_id = "ticket_split", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-17"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "1 to 255 characters; a repeated request with the same key is answered as the first time"),
    ),
    request_body(content = SplitTicket,
        example = json!({"messageIds": ["3", "4"], "subject": "Invoice for the group"})),
    responses((status = 201, description = "The new ticket", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
    key: IdempotencyKey,
    body: Valid<SplitTicket>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    if let Some(answer) = key.begin(&mut tx, app.clock.now(), &actor, &body.hash).await? {
        return Ok(answer);
    }
    let SplitTicket { message_ids, subject, category } = body.value;
    let wanted = Split { messages: message_ids, subject, category };
    let ticket = split::split(&mut tx, &*app.clock, &actor, id, seen, wanted).await?;
    let answer = Answer::created(ticket.view_for(&actor))
        .version(ticket.version)
        .location(format!("/api/support/tickets/{}", ticket.id));
    key.finish(&mut tx, &actor, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}
