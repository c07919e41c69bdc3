//! What a message is to its ticket: where it goes, and what it does to state, first response and
//! snooze. The messages slice keeps the text.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;
use serde_json::{Value, json};

use super::change::save;
use super::{backlog, create, reach, read, timeline};
use crate::calendars::working_hours::add_business_days;
use crate::events::{self, EventType};
use crate::ids::{MessageId, TicketId};
use crate::tickets::error::Error;
use crate::tickets::model::{Channel, NewTicket, Ticket, difference};
use crate::tickets::repo;
use crate::tickets::state::Status;

/// How often a ticket is looked up again that is merged or unmerged under our hands.
const MOST_TRIES: usize = 3;

/// A ticket that was asked for, and the one that it is now: they differ after a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// The ticket that the caller named.
    pub addressed: Ticket,
    /// Where its conversation goes on.
    pub ticket: Ticket,
}

impl Conversation {
    /// Whether the actor may see all that is written there. The customer of a ticket that was
    /// merged into somebody else's sees their own part only.
    ///
    /// # Errors
    /// A database fault.
    pub async fn is_whole_for(
        &self,
        connection: &mut PgConnection,
        actor: &Actor,
    ) -> Result<bool, Error> {
        is_theirs(connection, actor, &self.ticket).await
    }

    /// The merged ticket through which one came, if any.
    pub fn through(&self) -> Option<TicketId> {
        (self.addressed.id != self.ticket.id).then_some(self.addressed.id)
    }
}

/// What a conversation was made of may lie outside of what a link opens; of the same customer it is
/// theirs all the same.
async fn is_theirs(
    connection: &mut PgConnection,
    actor: &Actor,
    ticket: &Ticket,
) -> Result<bool, Error> {
    let of_customer = matches!(actor, Actor::Customer { id, .. }
        if ticket.requester_id == Some(*id));
    Ok(of_customer || reach::is_visible(connection, actor, ticket).await?)
}

/// The conversation of a ticket.
///
/// # Errors
/// [`Error::NotFound`], also where it is not for this actor.
pub async fn find(
    connection: &mut PgConnection,
    actor: &Actor,
    id: TicketId,
) -> Result<Conversation, Error> {
    let addressed = read(connection, actor, id).await?;
    let ticket = match addressed.merged_into_id {
        Some(into) => repo::find(connection, into).await?.ok_or(Error::NotFound)?,
        None => addressed.clone(),
    };
    Ok(Conversation { addressed, ticket })
}

/// The same with the ticket locked where the conversation goes on. A merged ticket is not locked on
/// the way: a merge that is being undone holds the survivor, and waits for the merged one.
///
/// # Errors
/// As [`find`]; [`Error::Merged`] where merges came between again and again.
pub async fn lock(
    tx: &mut PgConnection,
    actor: &Actor,
    id: TicketId,
) -> Result<Conversation, Error> {
    let mut addressed = read(tx, actor, id).await?;
    for _ in 0..MOST_TRIES {
        let wanted = addressed.merged_into_id.unwrap_or(id);
        let ticket = repo::lock(tx, wanted).await?.ok_or(Error::NotFound)?;
        addressed = if wanted == id { ticket.clone() } else { read(tx, actor, id).await? };
        if !reach::is_visible(tx, actor, &addressed).await? {
            return Err(Error::NotFound);
        }
        if addressed.merged_into_id.unwrap_or(id) == wanted {
            return Ok(Conversation { addressed, ticket });
        }
    }
    Err(Error::Merged(Box::new(addressed.view_for(actor))))
}

/// Those of the tickets that the actor may see.
///
/// # Errors
/// A database fault.
pub async fn visible_among(
    connection: &mut PgConnection,
    actor: &Actor,
    tickets: &[TicketId],
) -> Result<Vec<TicketId>, Error> {
    let mut visible = Vec::new();
    for id in tickets {
        let Some(ticket) = repo::find(connection, *id).await? else { continue };
        if is_theirs(connection, actor, &ticket).await? {
            visible.push(*id);
        }
    }
    Ok(visible)
}

/// Notes that a message never reached the customer: a reply that bounces was none, and the clocks that it fulfilled go on
/// (semantics, section 1). Answers the ticket where the conversation goes on.
///
/// # Errors
/// As [`lock`].
pub async fn bounced(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    id: TicketId,
    message: MessageId,
    why: &str,
) -> Result<Ticket, Error> {
    let actor = Actor::System { job: "mail" };
    let mut ticket = lock(tx, &actor, id).await?.ticket;
    let entry = ("message_bounced", json!({"messageId": message, "error": why}));
    timeline::write(tx, clock, &actor, &mut ticket, vec![entry]).await?;
    Ok(ticket)
}

/// Notes that a message reached the customer that was believed lost, where the timeline says so: the clocks that go on
/// because of that are answered now.
///
/// # Errors
/// As [`lock`].
pub async fn delivered(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    id: TicketId,
    message: MessageId,
) -> Result<(), Error> {
    let actor = Actor::System { job: "mail" };
    let mut ticket = lock(tx, &actor, id).await?.ticket;
    let of_it = json!(message);
    let fates = timeline::whole(tx, ticket.id).await?;
    let last = fates.iter().rev().find(|entry| {
        matches!(entry.kind.as_str(), "message_bounced" | "message_delivered")
            && entry.data["messageId"] == of_it
    });
    if last.is_some_and(|entry| entry.kind == "message_bounced") {
        let entry = ("message_delivered", json!({"messageId": message}));
        timeline::write(tx, clock, &actor, &mut ticket, vec![entry]).await?;
    }
    Ok(())
}

/// Whose turn a message was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The customer wrote.
    Customer,
    /// A person answered in public.
    Agent,
    /// A note, a program: nobody's turn, and nothing follows from it.
    Neither,
}

/// A message, as far as its ticket is concerned.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// The message.
    pub id: MessageId,
    /// Whose turn it was.
    pub turn: Turn,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What the timeline calls it: message or note.
    pub kind: &'static str,
    /// What the timeline says of it; never the text.
    pub details: Value,
}

/// Whether a customer's message comes too late to reopen the ticket: it is closed, and the window of
/// business days (Monday to Friday, UTC) is over.
pub fn is_past_reopening(ticket: &Ticket, at: DateTime<Utc>, window_days: u32) -> bool {
    let closed_at = ticket.closed_at.filter(|_| ticket.status == Status::Closed);
    closed_at.is_some_and(|closed| at > add_business_days(closed, window_days, Tz::UTC))
}

/// What a message does to a ticket. History that is told afterwards does not reopen what was
/// resolved or closed later.
fn effects(before: &Ticket, spoken: &Spoken, now: DateTime<Utc>) -> Ticket {
    let mut after = before.clone();
    let since = |past: Option<DateTime<Utc>>| past.is_none_or(|past| spoken.at >= past);
    let status = match (spoken.turn, before.status) {
        (Turn::Neither, _) => return after,
        (Turn::Agent, Status::Open | Status::Reopened)
        | (Turn::Customer, Status::WaitingCustomer | Status::OnHold) => Some(Status::InProgress),
        (Turn::Customer, Status::Resolved) if since(before.resolved_at) => Some(Status::Reopened),
        (Turn::Customer, Status::Closed) if since(before.closed_at) => Some(Status::Reopened),
        _ => None,
    };
    if let Some(status) = status {
        after.enter(status, now);
    }
    if spoken.turn == Turn::Agent && before.first_response_at.is_none_or(|at| spoken.at < at) {
        after.first_response_at = Some(spoken.at);
    }
    after.wake();
    after
}

/// Writes what a message does to its locked ticket: the message's entry first, then the change that
/// it caused. `conversation.ticket` is the ticket that got the message.
///
/// # Errors
/// A database fault.
pub async fn message_written(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    conversation: Conversation,
    spoken: &Spoken,
) -> Result<Ticket, Error> {
    if let Some(source) = conversation.through() {
        repo::merges::add_message(tx, source, spoken.id).await?;
    }
    let before = conversation.ticket;
    let after = effects(&before, spoken, clock.now());
    let woken = before.snoozed_until.is_some() && after.snoozed_until.is_none();
    let looked_for = !before.status.is_open_work();
    let entry = (spoken.kind, spoken.details.clone());
    let after = record(tx, clock, actor, before, after, entry).await?;
    if woken && !looked_for && after.waits() {
        return backlog::assign_automatically(tx, clock, actor, after).await;
    }
    Ok(after)
}

/// Writes an entry of the timeline that changes a ticket even where none of its own fields differs,
/// because its conversation does; then what differs, as [`save`] does.
///
/// # Errors
/// A database fault.
pub(super) async fn record(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    before: Ticket,
    mut after: Ticket,
    entry: (&'static str, Value),
) -> Result<Ticket, Error> {
    timeline::append(tx, clock, actor, &mut after, vec![entry]).await?;
    if difference(&before, &after).is_some() {
        let kind = match after.status {
            Status::Reopened if before.status != Status::Reopened => "reopened",
            _ => "updated",
        };
        return save(tx, clock, actor, before, after, kind, json!({})).await;
    }
    after.version = before.version + 1;
    after.updated_at = clock.now();
    repo::update(tx, &after).await?;
    Ok(after)
}

/// Writes an entry of the timeline that leaves the ticket itself as it is, and an event for the rest
/// of the platform.
///
/// # Errors
/// A database fault.
pub async fn note(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: TicketId,
    entry: (&'static str, Value),
    event: (EventType, Value),
) -> Result<(), Error> {
    let now = clock.now();
    timeline::add(tx, now, actor, &[(ticket, entry.0, entry.1)]).await?;
    events::publish(tx, now, event.0, &create::subject_of(ticket), &event.1).await?;
    Ok(())
}

/// The ticket that continues a closed one: one that is open already, or a new one with the message
/// as its description.
///
/// # Errors
/// A database fault.
pub async fn follow_up(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    conversation: Conversation,
    text: &str,
    at: DateTime<Utc>,
) -> Result<Conversation, Error> {
    let Conversation { addressed, ticket: mut closed } = conversation;
    if let Some(ticket) = repo::merges::open_follow_up(tx, closed.id, &addressed).await? {
        return Ok(Conversation { addressed: ticket.clone(), ticket });
    }
    let new = NewTicket {
        subject: closed.subject.clone(),
        description: description_of(text, &closed),
        customer_id: addressed.customer_id,
        customer_name: addressed.customer_name,
        customer_email: addressed.customer_email,
        requester_id: addressed.requester_id,
        address_claimed: addressed.address_claimed,
        channel: Channel::Api,
        follow_up_of_id: Some(closed.id),
        split_from_id: None,
        attachments: Vec::new(),
        tags: Vec::new(),
        by_customer: true,
        created_at: at,
        ..like(&closed)
    };
    let ticket = create::store(tx, clock, actor, &new).await?;
    let told = json!({"followUpId": ticket.id, "ticketNumber": ticket.ticket_number});
    timeline::write(tx, clock, actor, &mut closed, vec![("follow_up", told)]).await?;
    Ok(Conversation { addressed: ticket.clone(), ticket })
}

/// A new ticket about the same thing, for the same customer.
pub(super) fn like(ticket: &Ticket) -> NewTicket {
    NewTicket {
        subject: ticket.subject.clone(),
        description: ticket.description.clone(),
        customer_id: ticket.customer_id,
        customer_name: ticket.customer_name.clone(),
        customer_email: ticket.customer_email.clone(),
        requester_id: ticket.requester_id,
        address_claimed: ticket.address_claimed,
        category: ticket.category,
        priority: ticket.priority,
        channel: ticket.channel,
        team: ticket.team.clone(),
        tags: ticket.tags.clone(),
        attachments: Vec::new(),
        related_booking_id: ticket.related_booking_id,
        related_order_id: ticket.related_order_id,
        follow_up_of_id: None,
        split_from_id: None,
        by_customer: true,
        created_at: ticket.created_at,
    }
}

/// A message as the description of a new ticket, which has 10 to 5000 characters: a short one says
/// what it belongs to, a long one is cut; the message itself stays whole in the conversation.
pub(super) fn description_of(text: &str, of: &Ticket) -> String {
    let length = text.chars().count();
    match length {
        0..10 => format!("{} ({}): {text}", of.ticket_number, of.subject),
        10..=5000 => text.to_owned(),
        _ => text.chars().take(4999).chain(['…']).collect(),
    }
}
