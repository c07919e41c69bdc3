//! Who is told what: from an event of the outbox to the deliveries that it causes.
//!
//! Customers learn that their ticket came in, what agents answer in public, and that it is resolved, and are
//! asked how it was; the agent learns that a ticket is theirs, and what the customer writes in it. An import tells
//! nobody, and notes never leave the desk.

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_kernel::Actor;
use kamhub_postgres::PgConnection;
use serde::Deserialize;
use serde_json::Value;

use super::deliveries;
use super::error::Error;
use super::model::{About, Content, DeliveryChannel, NewDelivery, NotificationKind};
use super::people::{People, Person, Wanted};
use super::repo::deliveries as repo;
use crate::app::App;
use crate::events::{Event, EventType};
use crate::identity;
use crate::ids::{AgentId, MessageId, TicketId};
use crate::language::Language;
use crate::messages::model::SenderType;
use crate::tickets::model::{Channel as Origin, Ticket};
use crate::tickets::service::timeline;
use crate::tickets::state::Status;

/// A message that is older than its event by more than this was taken over from elsewhere.
const IMPORTED_IF_OLDER: TimeDelta = TimeDelta::minutes(1);
/// So many tickets per hour are confirmed to an address that is only claimed: whoever types somebody
/// else's address must not fill their mailbox.
const CLAIMS_CONFIRMED_PER_HOUR: i64 = 5;
/// The most of a message that a mail repeats, in characters.
const QUOTED_AT_MOST: usize = 10_000;

/// Plans the deliveries that an event causes, in the transaction that takes it from the outbox;
/// answers how many are new. Planning the same event twice plans nothing twice.
///
/// # Errors
/// A database fault.
pub async fn plan_event(tx: &mut PgConnection, app: &App, event: &Event) -> Result<usize, Error> {
    let planned = match event.kind.parse() {
        Ok(EventType::TicketCreated) => created(tx, app, event).await?,
        Ok(EventType::TicketUpdated) => updated(tx, app, event).await?,
        Ok(EventType::TicketMessageCreated) => message(tx, app, event).await?,
        Ok(EventType::CsatRequested) => feedback_wanted(tx, app, event).await?,
        _ => Vec::new(),
    };
    Ok(deliveries::plan(tx, &*app.clock, &planned).await?.len())
}

/// The part of a change that matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct After {
    agent_id: Option<AgentId>,
    status: Option<Status>,
}

#[derive(Debug, Deserialize)]
struct Changed {
    #[serde(default)]
    after: After,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    message: Told,
    is_internal: bool,
    is_automatic: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    id: MessageId,
    sender_type: SenderType,
    sender_name: String,
    message: String,
    created_at: DateTime<Utc>,
}

/// What the event tells, where this version can read it.
fn read<T: serde::de::DeserializeOwned>(event: &Event) -> Option<T> {
    let read = T::deserialize(&event.data);
    if let Err(error) = &read {
        tracing::warn!(event.id = event.id, event.kind, %error, "an event cannot be read");
    }
    read.ok()
}

/// The ticket as it is now; `None` where it is gone.
async fn ticket(tx: &mut PgConnection, event: &Event) -> Result<Option<Ticket>, Error> {
    let id = event.subject.strip_prefix("tickets/").and_then(|id| id.parse::<TicketId>().ok());
    let Some(id) = id else { return Ok(None) };
    let actor = Actor::System { job: "notifications" };
    match crate::tickets::service::read(tx, &actor, id).await {
        Ok(ticket) => Ok(Some(ticket)),
        Err(crate::tickets::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn created(
    tx: &mut PgConnection,
    app: &App,
    event: &Event,
) -> Result<Vec<NewDelivery>, Error> {
    let Some(ticket) = ticket(tx, event).await? else { return Ok(Vec::new()) };
    if ticket.channel == Origin::Import {
        return Ok(Vec::new());
    }
    // What a split put into a ticket of its own, the customer has written long ago.
    let mut planned = match ticket.split_from_id {
        Some(_) => Vec::new(),
        None => {
            to_customer(tx, app, event, &ticket, Content::of(NotificationKind::TicketReceived))
                .await?
        }
    };
    let assigned: After = read(event).unwrap_or_default();
    let content = Content::of(NotificationKind::TicketAssigned);
    planned.extend(to_agent(tx, app, event, &ticket, assigned.agent_id, content).await?);
    Ok(planned)
}

async fn updated(
    tx: &mut PgConnection,
    app: &App,
    event: &Event,
) -> Result<Vec<NewDelivery>, Error> {
    let Some(Changed { after }) = read(event) else { return Ok(Vec::new()) };
    if after.agent_id.is_none() && after.status != Some(Status::Resolved) {
        return Ok(Vec::new());
    }
    let Some(ticket) = ticket(tx, event).await? else { return Ok(Vec::new()) };
    let mut planned = Vec::new();
    if after.status == Some(Status::Resolved) && is_of_today(tx, &ticket).await? {
        let text = ticket.resolution.clone();
        let content = Content { text, ..Content::of(NotificationKind::TicketResolved) };
        planned.extend(to_customer(tx, app, event, &ticket, content).await?);
    }
    // Only where it still is theirs: a ticket that wandered is announced at its last stop.
    let agent = after.agent_id.filter(|agent| ticket.agent_id == Some(*agent));
    let content = Content::of(NotificationKind::TicketAssigned);
    planned.extend(to_agent(tx, app, event, &ticket, agent, content).await?);
    Ok(planned)
}

/// Whether a resolution is the desk's own. Whoever takes history over creates a ticket, its messages, and brings it to
/// its end by a key: that end is history too, and its customer hears nothing of it.
async fn is_of_today(tx: &mut PgConnection, ticket: &Ticket) -> Result<bool, Error> {
    let imported = ticket.channel == Origin::Import;
    Ok(!imported || timeline::lived(tx, ticket.id, IMPORTED_IF_OLDER).await?)
}

async fn message(
    tx: &mut PgConnection,
    app: &App,
    event: &Event,
) -> Result<Vec<NewDelivery>, Error> {
    let Some(written) = read::<Written>(event) else { return Ok(Vec::new()) };
    let imported = event.occurred_at - written.message.created_at > IMPORTED_IF_OLDER;
    if written.is_internal || written.is_automatic || imported {
        return Ok(Vec::new());
    }
    let Some(ticket) = ticket(tx, event).await? else { return Ok(Vec::new()) };
    let text = Some(written.message.message.chars().take(QUOTED_AT_MOST).collect());
    let author = Some(written.message.sender_name);
    match written.message.sender_type {
        SenderType::Agent => {
            let message = Some(written.message.id);
            let content =
                Content { author, text, message, ..Content::of(NotificationKind::AgentReply) };
            to_customer(tx, app, event, &ticket, content).await
        }
        SenderType::Customer => {
            let content =
                Content { author, text, ..Content::of(NotificationKind::CustomerMessage) };
            to_agent(tx, app, event, &ticket, ticket.agent_id, content).await
        }
        SenderType::System => Ok(Vec::new()),
    }
}

#[derive(Debug, Deserialize)]
struct Wish {
    link: String,
}

async fn feedback_wanted(
    tx: &mut PgConnection,
    app: &App,
    event: &Event,
) -> Result<Vec<NewDelivery>, Error> {
    let Some(Wish { link }) = read(event) else { return Ok(Vec::new()) };
    let Some(ticket) = ticket(tx, event).await? else { return Ok(Vec::new()) };
    let content = Content { link: Some(link), ..Content::of(NotificationKind::FeedbackRequest) };
    to_customer(tx, app, event, &ticket, content).await
}

fn new(
    event: &Event,
    ticket: &Ticket,
    channel: DeliveryChannel,
    destination: String,
    content: &Content,
) -> NewDelivery {
    NewDelivery {
        event_id: Some(event.id),
        ticket_id: Some(ticket.id),
        channel,
        destination,
        sequence: None,
        kind: content.kind.to_string(),
        payload: serde_json::to_value(content).unwrap_or(Value::Null),
        not_before: None,
    }
}

fn about(ticket: &Ticket) -> About {
    let (id, number) = (ticket.id, ticket.ticket_number.clone());
    About { id, number, subject: Some(ticket.subject.clone()) }
}

/// A mail to the customer, with a link to the ticket signed for whoever reads that address. Where the
/// address is only claimed, nothing that a stranger typed is repeated: they may have typed
/// somebody else's address.
async fn to_customer(
    tx: &mut PgConnection,
    app: &App,
    event: &Event,
    ticket: &Ticket,
    mut content: Content,
) -> Result<Vec<NewDelivery>, Error> {
    if app.settings.outlets.mail.is_none() {
        return Ok(Vec::new());
    }
    let (name, email) = (&ticket.customer_name, &ticket.customer_email);
    let mut about = about(ticket);
    let customer = match ticket.requester_id {
        Some(customer) => {
            content.name = Some(name.clone());
            customer
        }
        None if is_flooded(tx, app, email, content.kind).await? => return Ok(Vec::new()),
        None => {
            about.subject = None;
            identity::service::customer_for_service(tx, &*app.clock, None, name, email).await?
        }
    };
    let known = identity::service::customer_language(tx, customer).await?;
    let known = known.and_then(|language| language.parse::<Language>().ok());
    let guessed = || Language::guess(&format!("{name} {}", ticket.subject));
    content.language = Some(known.unwrap_or_else(guessed));
    content.customer = Some(customer);
    content.ticket = Some(about);
    Ok(vec![new(event, ticket, DeliveryChannel::Email, email.clone(), &content)])
}

async fn is_flooded(
    tx: &mut PgConnection,
    app: &App,
    email: &str,
    kind: NotificationKind,
) -> Result<bool, Error> {
    let (since, most) = (app.clock.now() - TimeDelta::hours(1), CLAIMS_CONFIRMED_PER_HOUR);
    let recent = repo::planned_since(
        tx,
        DeliveryChannel::Email,
        email,
        NotificationKind::TicketReceived,
        since,
        most,
    )
    .await?;
    Ok(kind == NotificationKind::TicketReceived && recent >= most)
}

/// A word to the agent, in the inbox and by mail as they like it.
async fn to_agent(
    tx: &mut PgConnection,
    app: &App,
    event: &Event,
    ticket: &Ticket,
    agent: Option<AgentId>,
    mut content: Content,
) -> Result<Vec<NewDelivery>, Error> {
    let Some(agent) = agent else { return Ok(Vec::new()) };
    let wanted = Wanted { agents: [agent].into(), ..Wanted::default() };
    let people = People::find(tx, &wanted).await?;
    let Some(person) = people.agent(agent) else { return Ok(Vec::new()) };
    content.ticket = Some(about(ticket));
    Ok(to_person(app, event, ticket, person, content))
}

fn to_person(
    app: &App,
    event: &Event,
    ticket: &Ticket,
    person: &Person,
    mut content: Content,
) -> Vec<NewDelivery> {
    let (preferences, now) = (&person.preferences, app.clock.now());
    content.name = Some(person.name.clone());
    content.language = preferences.language;
    content.timezone = Some(preferences.timezone.name().to_owned());
    let inbox = person.user.map(|user| (DeliveryChannel::Dashboard, user.to_string()));
    let mail = app.settings.outlets.mail.is_some();
    let mail = mail.then(|| (DeliveryChannel::Email, person.email.clone()));
    let ways = inbox.into_iter().chain(mail);
    ways.filter(|(channel, _)| preferences.wants(content.kind, *channel))
        .map(|(channel, destination)| NewDelivery {
            not_before: preferences.waits_until(content.kind, channel, now),
            ..new(event, ticket, channel, destination, &content)
        })
        .collect()
}
