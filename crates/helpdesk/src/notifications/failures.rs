//! What could not be delivered is told by another channel: the inbox of every administrator, and of the agent whose
//! answer it was. An answer that never arrived is none: the clocks that it stopped go on (docs/SLA.md).

use kamhub_kernel::{Clock, Role};
use kamhub_postgres::PgConnection;
use serde::Deserialize as _;

use super::error::Error;
use super::model::{Content, Delivery, DeliveryChannel, NotificationKind};
use super::people::{People, Wanted};
use super::repo::{deliveries, inbox};
use crate::ids::{DeliveryId, UserId};
use crate::tickets::service::conversation;
use crate::{identity, tickets};

/// A delivery was given up. While an administrator has an unread entry about the same channel, nothing
/// is added: one entry says as much as a thousand, and the dead letters are listed.
///
/// # Errors
/// A database fault.
pub async fn report(tx: &mut PgConnection, clock: &dyn Clock, id: DeliveryId) -> Result<(), Error> {
    let Some(failed) = deliveries::find(tx, id).await? else { return Ok(()) };
    if failed.channel == DeliveryChannel::Dashboard {
        return Ok(());
    }
    let admins = identity::service::users_active(tx, Some(Role::Admin), &[]).await?;
    let admins: Vec<UserId> = admins.iter().map(|user| user.id).collect();
    if failed.kind == NotificationKind::AgentReply.as_str() {
        reply_bounced(tx, clock, &failed).await?;
    }
    let content = Content {
        author: Some(failed.channel.to_string()),
        text: failed.last_error,
        ..Content::of(NotificationKind::DeliveryFailed)
    };
    inbox::enter_once_unread(tx, &admins, &content, failed.ticket_id, clock.now()).await?;
    Ok(())
}

/// The customer never got an agent's answer: the ticket's timeline learns it, and whoever works on the ticket.
async fn reply_bounced(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    failed: &Delivery,
) -> Result<(), Error> {
    let content = Content::deserialize(&failed.payload).ok();
    let (Some(ticket), Some(content)) = (failed.ticket_id, content) else { return Ok(()) };
    let Some(message) = content.message else { return Ok(()) };
    let why = failed.last_error.as_deref().unwrap_or_default();
    let ticket = match conversation::bounced(tx, clock, ticket, message, why).await {
        Ok(ticket) => ticket,
        // Deleted, or merged again and again meanwhile: there is nobody to tell.
        Err(tickets::Error::NotFound | tickets::Error::Merged(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let Some(agent) = ticket.agent_id else { return Ok(()) };
    let wanted = Wanted { agents: [agent].into(), ..Wanted::default() };
    let people = People::find(tx, &wanted).await?;
    let Some(user) = people.agent(agent).and_then(|person| person.user) else { return Ok(()) };
    let told = Content {
        ticket: content.ticket,
        author: Some(failed.destination.clone()),
        text: failed.last_error.clone(),
        ..Content::of(NotificationKind::DeliveryFailed)
    };
    inbox::enter(tx, user, failed.id, Some(ticket.id), &told, clock.now()).await?;
    Ok(())
}
