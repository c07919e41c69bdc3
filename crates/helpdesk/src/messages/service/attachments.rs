//! Files of tickets and messages: who may read one follows from the ticket.

use kamhub_kernel::Actor;
use kamhub_postgres::PgConnection;

use super::is_for;
use crate::attachments::model::Attachment;
use crate::messages::error::Error;
use crate::messages::repo;
use crate::tickets;

/// Whether the actor may read the file: they may see the message that has it, or the ticket whose
/// description has it. A note's files are the desk's own, as the note is. What no ticket uses is
/// nobody's to read.
///
/// # Errors
/// A database fault.
pub async fn is_readable(
    connection: &mut PgConnection,
    actor: &Actor,
    file: &Attachment,
) -> Result<bool, Error> {
    match (file.ticket_id, file.message_id) {
        (_, Some(message)) => match repo::find(connection, message).await? {
            Some(message) => is_for(connection, actor, &message).await,
            None => Ok(false),
        },
        (Some(ticket), None) => match tickets::service::read(connection, actor, ticket).await {
            Ok(_) => Ok(true),
            Err(tickets::Error::NotFound) => Ok(false),
            Err(error) => Err(error.into()),
        },
        (None, None) => Ok(false),
    }
}
