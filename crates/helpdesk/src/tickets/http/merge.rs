//! `POST /api/support/tickets/{id}/merge`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid, validated};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::ticket_path::TicketPath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::TicketId;
use crate::tickets::service::merge;
use crate::tickets::view::TicketView;

/// Where to.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MergeTicket {
    /// The ticket that goes on: its id or its number.
    #[serde(deserialize_with = "id_or_number")]
    #[garde(required)]
    #[schema(value_type = String, required = true, examples("TKT-17"))]
    into: Option<TicketId>,
}

fn id_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TicketId>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        other => other.to_string(),
    };
    let id = TicketId::from_number_or_id(&text);
    let sentence = "must be a ticket's id or its number, like TKT-17";
    id.map(Some).ok_or_else(|| serde::de::Error::custom(sentence))
}

/// Merge a ticket into another one
///
/// Its messages go to the other ticket, it is closed and points there, and whoever writes to it
/// writes there. Tickets that were merged into it before point there too. A ticket that is merged
/// there already stays as it is; into itself, into a merged ticket, or, while it is not over itself, into one
/// that is resolved or closed: 409 `MERGE_REFUSED`.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/merge", operation_id = "ticket_merge", tag = "tickets",
    params(
        ("id" = String, Path, description = "The id or the number", example = "TKT-18"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = MergeTicket, example = json!({"into": "TKT-17"})),
    responses((status = 200, description = "The merged ticket; mergedIntoId is the one that goes on",
        body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
    IfMatch(seen): IfMatch,
    body: Valid<MergeTicket>,
) -> ApiResult<Answer> {
    let into = validated(body.value.into)?;
    let mut tx = app.db.begin().await?;
    let ticket = merge::merge(&mut tx, &*app.clock, &actor, id, seen, into).await?;
    tx.commit().await?;
    Ok(Answer::ok(ticket.view_for(&actor)).version(ticket.version))
}
