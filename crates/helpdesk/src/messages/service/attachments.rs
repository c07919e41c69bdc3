//! Files of tickets and messages: who may read one follows from the ticket.

use kamhub_kernel::Actor;
use kamhub_postgres::PgConnection;

use super::is_for;
use crate::attachments::model::Attachment;
use crate::attachments::service;
use crate::ids::AttachmentId;
use crate::messages::error::Error;
use crate::messages::repo;
use crate::{attachments, tickets};

/// A file that the actor may read: they may see the message that has it, or the ticket whose
/// description has it. A note's files are the desk's own, as the note is. An upload that nobody uses is
/// nobody's to read.
///
/// # Errors
/// [`attachments::Error::NotFound`], also where it is not for this actor.
pub async fn read(
    connection: &mut PgConnection,
    actor: &Actor,
    id: AttachmentId,
) -> Result<Attachment, Error> {
    let file = service::find(connection, id).await?;
    let visible = match (file.ticket_id, file.message_id) {
        (_, Some(message)) => match repo::find(connection, message).await? {
            Some(message) => is_for(connection, actor, &message).await?,
            None => false,
        },
        (Some(ticket), None) => match tickets::service::read(connection, actor, ticket).await {
            Ok(_) => true,
            Err(tickets::Error::NotFound) => false,
            Err(error) => return Err(error.into()),
        },
        (None, None) => false,
    };
    if visible { Ok(file) } else { Err(attachments::Error::NotFound.into()) }
}
