//! The inbox: what it says is entered once, whatever happens to the job that carries it.

use super::super::model::{Content, Delivery, Outcome};
use super::super::repo::inbox;
use crate::app::App;
use crate::ids::UserId;

/// Enters a delivery into its person's inbox.
pub async fn send(app: App, delivery: Delivery) -> Outcome {
    let Ok(user) = delivery.destination.parse::<UserId>() else {
        return Outcome::permanent("the destination is no user's id");
    };
    let content: Content = match serde_json::from_value(delivery.payload) {
        Ok(content) => content,
        Err(error) => return Outcome::permanent(format!("the payload cannot be read: {error}")),
    };
    let mut connection = match app.db.connection().await {
        Ok(connection) => connection,
        Err(error) => return Outcome::retry(error),
    };
    let (id, ticket, now) = (delivery.id, delivery.ticket_id, app.clock.now());
    match inbox::enter(&mut connection, user, id, ticket, &content, now).await {
        Ok(()) => Outcome::Sent,
        Err(error) if error.constraint() == Some("inbox_entries_user_id_fkey") => {
            Outcome::permanent("there is no such user")
        }
        Err(error) => Outcome::retry(error),
    }
}
