//! Somebody writes in a ticket.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock, Faults};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::scope;
use crate::agents;
use crate::events::{self, EventType};
use crate::identity;
use crate::ids::{AgentId, CustomerId, MessageId, TicketId};
use crate::messages::error::Error;
use crate::messages::model::{Attachment, Message, NewMessage, Scope, Sender, SenderType};
use crate::messages::repo;
use crate::tickets::model::Ticket;
use crate::tickets::service::conversation::{self, Spoken};
use crate::tickets::service::create::{import_fault, subject_of};

const NOT_INTERNAL: &str = "Is internal is not for messages of customers";

/// What is asked for. Who speaks is decided by the caller; only a service is asked for whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The text.
    pub message: String,
    /// For whom a service speaks; an agent where it does not say.
    pub sender_type: Option<SenderType>,
    /// The agent or customer for whom a service speaks.
    pub sender_id: Option<i64>,
    /// Their name.
    pub sender_name: Option<String>,
    /// The files.
    pub attachments: Vec<Attachment>,
    /// A note of the desk to itself.
    pub is_internal: bool,
    /// Written by a program.
    pub is_automatic: bool,
    /// When it was written elsewhere, for an import.
    pub created_at: Option<DateTime<Utc>>,
    /// The last message that the caller has read.
    pub last_seen: Option<MessageId>,
}

/// What only the caller decides about a new message: whether it may be said at all.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Written by a program.
    pub is_automatic: bool,
    /// A note of the desk to itself.
    pub is_internal: bool,
    /// When it is said to have been written.
    pub created_at: Option<DateTime<Utc>>,
}

impl Claim {
    /// What is not for this actor to say. Nothing but the claim is looked at, so that it can be told beside
    /// the other faults of a request.
    pub fn faults(self, actor: &Actor, now: DateTime<Utc>) -> Faults {
        let mut faults = Faults::new();
        if let Some(fault) = import_fault(actor, self.created_at, now) {
            faults.add("createdAt", fault);
        }
        if self.is_internal && matches!(actor, Actor::Customer { .. }) {
            faults.add("isInternal", NOT_INTERNAL);
        }
        if self.is_automatic && !matches!(actor, Actor::Service { .. } | Actor::System { .. }) {
            faults.add("isAutomatic", "Is automatic can only be given by a service's API key");
        }
        faults
    }
}

impl Request {
    fn claim(&self) -> Claim {
        let Self { is_automatic, is_internal, created_at, .. } = *self;
        Claim { is_automatic, is_internal, created_at }
    }
}

/// A message that was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// The message.
    pub message: Message,
    /// Whether it went into a ticket that continues the one that was asked for.
    pub follow_up: bool,
}

/// Stores a message and what follows from it, and tells the rest of the platform. To a merged ticket
/// it goes where the conversation goes on; a customer's to a ticket that was closed more than
/// `reopen_window_days` business days ago goes into a linked follow-up.
///
/// # Errors
/// A ticket that does not exist, or not for this actor; field faults; [`Error::Newer`].
pub async fn create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: TicketId,
    request: Request,
    reopen_window_days: u32,
) -> Result<Created, Error> {
    // The lock first: everything below is about the conversation as it stands.
    let mut conversation = conversation::lock(tx, actor, ticket).await?;
    let scope = scope(tx, actor, &conversation).await?;
    let mut faults = request.claim().faults(actor, clock.now());
    let created_at = request.created_at.unwrap_or_else(|| clock.now());
    if request.created_at.is_some() && created_at < conversation.addressed.created_at {
        faults.add("createdAt", "Created at must not lie before the ticket's creation");
    }
    let sender = sender(tx, actor, &conversation.addressed, &request, &mut faults).await?;
    if request.is_internal && sender.kind == SenderType::Customer {
        faults.add("isInternal", NOT_INTERNAL);
    }
    let newer = newer(tx, &scope, request.last_seen, &mut faults).await?;
    faults.check(()).map_err(Error::Invalid)?;
    if let Some(newer) = newer {
        return Err(Error::Newer(Box::new(newer.view_for(actor))));
    }
    let customers_turn =
        sender.kind == SenderType::Customer && !request.is_internal && !request.is_automatic;
    let follow_up = customers_turn
        && conversation::is_past_reopening(&conversation.ticket, created_at, reopen_window_days);
    if follow_up {
        let text = &request.message;
        conversation =
            conversation::follow_up(tx, clock, actor, conversation, text, created_at).await?;
    }
    let new = NewMessage {
        ticket_id: conversation.ticket.id,
        sender,
        message: request.message,
        attachments: request.attachments,
        is_internal: request.is_internal,
        is_automatic: request.is_automatic,
        original_ticket_id: conversation.through(),
        created_at,
    };
    let message = repo::insert(tx, &new, clock.now()).await?;
    let spoken = spoken(&message);
    conversation::message_written(tx, clock, actor, conversation, &spoken).await?;
    let subject = subject_of(message.ticket_id);
    let told = json!({"message": message.view(), "isInternal": message.is_internal,
        "isAutomatic": message.is_automatic, "followUp": follow_up});
    events::publish(tx, clock.now(), EventType::TicketMessageCreated, &subject, &told).await?;
    Ok(Created { message, follow_up })
}

fn spoken(message: &Message) -> Spoken {
    Spoken {
        id: message.id,
        turn: message.turn(),
        at: message.created_at,
        kind: if message.is_internal { "note" } else { "message" },
        details: json!({
            "messageId": message.id,
            "senderType": message.sender_type,
            "senderName": message.sender_name,
            "internal": message.is_internal,
            "automatic": message.is_automatic,
            "createdAt": message.created_at,
        }),
    }
}

/// Who speaks (contract, section 1): a person for themselves, whatever the body says; a service for
/// whom it names.
async fn sender(
    tx: &mut PgConnection,
    actor: &Actor,
    ticket: &Ticket,
    request: &Request,
    faults: &mut Faults,
) -> Result<Sender, Error> {
    match actor {
        Actor::User { name, .. } => {
            let id = agents::service::agent_of(tx, actor).await?.map(|agent| agent.0);
            Ok(Sender { kind: SenderType::Agent, id, name: name.clone() })
        }
        Actor::Customer { id, name, .. } => {
            Ok(Sender { kind: SenderType::Customer, id: Some(id.0), name: name.clone() })
        }
        Actor::Anonymous { .. } => Err(crate::tickets::Error::NotFound.into()),
        Actor::Service { .. } | Actor::System { .. } => {
            spoken_for(tx, actor, ticket, request, faults).await
        }
    }
}

async fn spoken_for(
    tx: &mut PgConnection,
    actor: &Actor,
    ticket: &Ticket,
    request: &Request,
    faults: &mut Faults,
) -> Result<Sender, Error> {
    let kind = request.sender_type.unwrap_or(SenderType::Agent);
    let mut known = None;
    let mut id = request.sender_id;
    match (kind, request.sender_id) {
        (SenderType::Agent, Some(agent)) => {
            known = agents::service::agent_name(tx, AgentId(agent)).await?;
            if known.is_none() {
                faults.add("senderId", "Sender id names an agent who does not exist");
            }
        }
        (SenderType::Customer, given) => {
            if let Some(number) = given.filter(|number| !is_asker(ticket, *number))
                && !is_customer(tx, number).await?
            {
                faults.add("senderId", "Sender id names a customer who does not exist");
            }
            known = Some(ticket.customer_name.clone());
            id = given.or(ticket.requester_id.map(|customer| customer.0));
        }
        _ => {}
    }
    let name = request.sender_name.clone().or(known).unwrap_or_else(|| actor.name().to_owned());
    Ok(Sender { kind, id, name })
}

/// Whether a number is the one of who asks in the ticket: ours, or the platform's as it was given.
fn is_asker(ticket: &Ticket, number: i64) -> bool {
    ticket.requester_id == Some(CustomerId(number)) || ticket.customer_id == Some(number)
}

/// Whether the number is a customer's, here or on the platform; anybody else never said anything.
async fn is_customer(tx: &mut PgConnection, number: i64) -> Result<bool, Error> {
    let by_id = identity::service::customer_exists(tx, CustomerId(number)).await;
    let by_number = identity::service::customer_of_number(tx, number).await;
    let failed = crate::tickets::Error::Identity;
    Ok(by_id.map_err(failed)? || by_number.map_err(failed)?.is_some())
}

/// A public message that the answer was written without in sight, whoever wrote it (semantics, section 3).
/// Newer is what stands further down in the conversation.
async fn newer(
    tx: &mut PgConnection,
    scope: &Scope,
    last_seen: Option<MessageId>,
    faults: &mut Faults,
) -> Result<Option<Message>, Error> {
    let Some(id) = last_seen else { return Ok(None) };
    let Some(seen) = repo::find(tx, id).await?.filter(|message| scope.includes(message)) else {
        faults.add("lastSeenMessageId", "Last seen message id is not a message of this ticket");
        return Ok(None);
    };
    Ok(repo::newest_after(tx, scope, &seen).await?)
}
