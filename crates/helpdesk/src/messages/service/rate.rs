//! The customer says what they think of an answer.

use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::is_for;
use crate::events::EventType;
use crate::ids::MessageId;
use crate::messages::error::Error;
use crate::messages::model::{Message, SenderType};
use crate::messages::repo;
use crate::tickets::service::conversation;

/// Rates a public message of an agent, or changes its rating. Said again, it stays as it is.
///
/// # Errors
/// [`Error::NotFound`], also where it is not for this actor; [`Error::NotTheCustomer`] from a person
/// of the desk; [`Error::NotRateable`].
pub async fn rate(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: MessageId,
    rating: i16,
    comment: Option<String>,
) -> Result<Message, Error> {
    if matches!(actor, Actor::User { .. }) {
        return Err(Error::NotTheCustomer);
    }
    let message = repo::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if !is_for(tx, actor, &message).await? {
        return Err(Error::NotFound);
    }
    if message.sender_type != SenderType::Agent || message.is_internal {
        return Err(Error::NotRateable);
    }
    if message.rating == Some(rating) && message.rating_comment == comment {
        return Ok(message);
    }
    let now = clock.now();
    repo::rate(tx, id, rating, comment.as_deref(), now).await?;
    let earlier = message.rating;
    let message =
        Message { rating: Some(rating), rating_comment: comment, rated_at: Some(now), ..message };
    let entry = json!({"messageId": id, "rating": rating, "earlierRating": earlier});
    let event = (EventType::TicketMessageRated, json!({"message": message.view()}));
    conversation::note(tx, clock, actor, message.ticket_id, ("rated", entry), event).await?;
    Ok(message)
}
