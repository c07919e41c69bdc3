//! What could not be delivered is told by another channel: to every administrator, and to the agent whose answer it was,
//! in the inbox and by mail as they like it. An answer that never arrived is none: the clocks that it stopped go on
//! (docs/SLA.md).

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_kernel::{Clock, Role};
use kamhub_postgres::PgConnection;
use serde::Deserialize as _;

use super::deliveries as plans;
use super::error::Error;
use super::model::{Content, Delivery, DeliveryChannel, NewDelivery, NotificationKind};
use super::people::{People, Person, Wanted};
use super::repo::{deliveries, inbox};
use crate::app::App;
use crate::ids::{DeliveryId, TicketId, UserId};
use crate::tickets::service::conversation;
use crate::{identity, tickets};

/// What is told here.
const KIND: NotificationKind = NotificationKind::DeliveryFailed;
/// How long an administrator gets no second mail of this kind: a channel that is silent fails thousands of times.
const MAILED_ONCE_IN: TimeDelta = TimeDelta::days(1);

/// A delivery was given up. While an administrator has an unread entry about the same channel, nothing
/// is added: one entry says as much as a thousand, and the dead letters are listed. Mail that tells of a failure and
/// fails itself is told in inboxes only.
///
/// # Errors
/// A database fault.
pub async fn report(tx: &mut PgConnection, app: &App, id: DeliveryId) -> Result<(), Error> {
    let Some(failed) = deliveries::find(tx, id).await? else { return Ok(()) };
    if failed.channel == DeliveryChannel::Dashboard {
        return Ok(());
    }
    if failed.kind == NotificationKind::AgentReply.as_str() {
        reply_bounced(tx, app, &failed).await?;
    }
    let now = app.clock.now();
    let content = Content {
        author: Some(failed.channel.to_string()),
        text: failed.last_error.clone(),
        ..Content::of(KIND)
    };
    let admins = administrators(tx).await?;
    let inboxes: Vec<UserId> = admins.iter().filter_map(inbox_of).collect();
    inbox::enter_once_unread(tx, &inboxes, &content, failed.ticket_id, now).await?;
    for admin in &admins {
        let Some(mail) = mail(app, &failed, admin, &content, failed.ticket_id) else { continue };
        if !is_mailed_lately(tx, &mail.destination, now).await? {
            plans::plan(tx, &*app.clock, &[mail]).await?;
        }
    }
    Ok(())
}

/// A delivery arrived. Where it is an agent's answer that was given up before, the ticket's timeline learns that the
/// customer has it after all.
///
/// # Errors
/// A database fault.
pub async fn withdraw(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    id: DeliveryId,
) -> Result<(), Error> {
    let Some(sent) = deliveries::find(tx, id).await? else { return Ok(()) };
    let tried_before = sent.last_error.is_some();
    if sent.kind != NotificationKind::AgentReply.as_str() || !tried_before {
        return Ok(());
    }
    let message = Content::deserialize(&sent.payload).ok().and_then(|content| content.message);
    let (Some(ticket), Some(message)) = (sent.ticket_id, message) else { return Ok(()) };
    match conversation::delivered(tx, clock, ticket, message).await {
        // Deleted, or merged again and again meanwhile: no clock waits for it.
        Ok(()) | Err(tickets::Error::NotFound | tickets::Error::Merged(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn administrators(tx: &mut PgConnection) -> Result<Vec<Person>, Error> {
    let admins = identity::service::users_active(tx, Some(Role::Admin), &[]).await?;
    let wanted = Wanted { users: admins.iter().map(|user| user.id).collect(), ..Wanted::default() };
    let people = People::find(tx, &wanted).await?;
    Ok(admins.iter().filter_map(|user| people.user(user.id)).cloned().collect())
}

/// Whose inbox it is told in, where they want it there.
fn inbox_of(person: &Person) -> Option<UserId> {
    person.user.filter(|_| person.preferences.wants(KIND, DeliveryChannel::Dashboard))
}

/// The mail that tells a person, where they want one and there is a mail server.
fn mail(
    app: &App,
    failed: &Delivery,
    person: &Person,
    content: &Content,
    ticket: Option<TicketId>,
) -> Option<NewDelivery> {
    let preferences = &person.preferences;
    let way = DeliveryChannel::Email;
    let wanted = preferences.wants(KIND, way) && failed.kind != KIND.as_str();
    app.settings.outlets.mail.as_ref().filter(|_| wanted)?;
    let content = Content {
        name: Some(person.name.clone()),
        language: preferences.language,
        timezone: Some(preferences.timezone.name().to_owned()),
        ..content.clone()
    };
    Some(NewDelivery {
        event_id: None,
        ticket_id: ticket,
        channel: way,
        destination: person.email.clone(),
        sequence: None,
        kind: KIND.to_string(),
        payload: serde_json::to_value(&content).unwrap_or_default(),
        not_before: preferences.waits_until(KIND, way, app.clock.now()),
    })
}

async fn is_mailed_lately(
    tx: &mut PgConnection,
    address: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let (way, since) = (DeliveryChannel::Email, now - MAILED_ONCE_IN);
    Ok(deliveries::planned_since(tx, way, address, KIND, since, 1).await? > 0)
}

/// The customer never got an agent's answer: the ticket's timeline learns it, and whoever works on the ticket.
async fn reply_bounced(tx: &mut PgConnection, app: &App, failed: &Delivery) -> Result<(), Error> {
    let content = Content::deserialize(&failed.payload).ok();
    let (Some(ticket), Some(content)) = (failed.ticket_id, content) else { return Ok(()) };
    let Some(message) = content.message else { return Ok(()) };
    let why = failed.last_error.as_deref().unwrap_or_default();
    let ticket = match conversation::bounced(tx, &*app.clock, ticket, message, why).await {
        Ok(ticket) => ticket,
        // Deleted, or merged again and again meanwhile: there is nobody to tell.
        Err(tickets::Error::NotFound | tickets::Error::Merged(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let Some(agent) = ticket.agent_id else { return Ok(()) };
    let wanted = Wanted { agents: [agent].into(), ..Wanted::default() };
    let people = People::find(tx, &wanted).await?;
    let Some(person) = people.agent(agent) else { return Ok(()) };
    let told = Content {
        ticket: content.ticket,
        author: Some(failed.destination.clone()),
        text: failed.last_error.clone(),
        ..Content::of(KIND)
    };
    if let Some(user) = inbox_of(person) {
        inbox::enter(tx, user, failed.id, Some(ticket.id), &told, app.clock.now()).await?;
    }
    let mail = mail(app, failed, person, &told, Some(ticket.id));
    plans::plan(tx, &*app.clock, mail.as_slice()).await?;
    Ok(())
}
