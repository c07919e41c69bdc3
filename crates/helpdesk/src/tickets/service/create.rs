//! A ticket comes in: it is stored, and given to the right agent in the same transaction.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock, Faults, Role};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::timeline;
use crate::category::Category;
use crate::events::{self, EventType};
use crate::ids::TicketId;
use crate::tickets::error::Error;
use crate::tickets::model::{Channel, NewTicket, Priority, Ticket, TicketAttachment};
use crate::tickets::repo;
use crate::{agents, identity, listeners};

/// What is asked for. Name and address are given by those who may speak for others and by nobody
/// in particular; for a signed-in customer they come from the credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What it is about, in one line.
    pub subject: String,
    /// What was written.
    pub description: String,
    /// The platform's customer number.
    pub customer_id: Option<i64>,
    /// Who asks.
    pub customer_name: Option<String>,
    /// Where answers go.
    pub customer_email: Option<String>,
    /// The category.
    pub category: Category,
    /// The priority.
    pub priority: Priority,
    /// The team.
    pub team: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The files.
    pub attachments: Vec<TicketAttachment>,
    /// The platform's booking number.
    pub related_booking_id: Option<i64>,
    /// The platform's order number.
    pub related_order_id: Option<i64>,
    /// When it was created elsewhere, for an import.
    pub created_at: Option<DateTime<Utc>>,
    /// How it came in, where that is not to be seen from who asks.
    pub channel: Option<Channel>,
}

/// What only the caller decides about a new ticket: whether these are needed, or may be given at all.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Whether a name is given.
    pub has_name: bool,
    /// Whether an address is given.
    pub has_email: bool,
    /// When it is said to have been created.
    pub created_at: Option<DateTime<Utc>>,
}

impl Claim {
    /// What is missing, or not for this actor to give. Nothing but the claim is looked at, so that it can be
    /// told beside the other faults of a request.
    pub fn faults(self, actor: &Actor, now: DateTime<Utc>) -> Faults {
        let mut faults = Faults::new();
        // A customer's own name and address come from their credentials.
        let (named, reached) = match actor {
            Actor::Customer { email, .. } => (true, email.is_some()),
            _ => (false, false),
        };
        if !named && !self.has_name {
            faults.add("customerName", "Customer name is required");
        }
        if !reached && !self.has_email {
            faults.add("customerEmail", "Customer email is required");
        }
        if let Some(fault) = import_fault(actor, self.created_at, now) {
            faults.add("createdAt", fault);
        }
        faults
    }
}

/// Creates a ticket.
///
/// # Errors
/// Field faults: name or address missing, `createdAt` from somebody who may not give it.
pub async fn create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    request: Request,
) -> Result<Ticket, Error> {
    let now = clock.now();
    let claim = Claim {
        has_name: request.customer_name.is_some(),
        has_email: request.customer_email.is_some(),
        created_at: request.created_at,
    };
    claim.faults(actor, now).check(()).map_err(Error::Invalid)?;
    let created_at = request.created_at.unwrap_or(now);
    let speaker = speaker(tx, clock, actor, &request).await?;
    let staff = actor.is_staff();
    let channel = match (request.created_at, actor) {
        (Some(_), _) => Channel::Import,
        (None, Actor::User { .. }) => Channel::Agent,
        _ => request.channel.unwrap_or(Channel::Api),
    };
    let new = NewTicket {
        subject: request.subject,
        description: request.description,
        customer_id: speaker.number,
        customer_name: speaker.name,
        customer_email: speaker.email,
        requester_id: speaker.requester,
        address_claimed: speaker.address_claimed,
        category: request.category,
        priority: request.priority,
        channel,
        // Sorting and labelling is the desk's own business.
        team: request.team.filter(|_| staff),
        tags: if staff { request.tags } else { Vec::new() },
        attachments: request.attachments,
        related_booking_id: request.related_booking_id,
        related_order_id: request.related_order_id,
        follow_up_of_id: None,
        split_from_id: None,
        by_customer: channel != Channel::Agent,
        created_at,
    };
    store(tx, clock, actor, &new).await
}

/// Stores a new ticket with its agent, its timeline and its event.
///
/// # Errors
/// A database fault.
pub async fn store(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    new: &NewTicket,
) -> Result<Ticket, Error> {
    let now = clock.now();
    let claim = agents::service::claim(tx, now, new.category).await?;
    // Stored with its deadline at once: a second write of the row would cost as much as the first.
    let promise = listeners::promise(tx, new).await?;
    let mut ticket = repo::insert(tx, new, claim.agent, promise.due_at, now).await?;
    let outcome = if claim.agent.is_some() { "assigned" } else { "waiting" };
    metrics::counter!("kamhub_assignments_total", "outcome" => outcome).increment(1);
    let created = json!({"after": ticket.view(), "createdAt": ticket.created_at,
        "byCustomer": new.by_customer, "sla": promise.terms});
    let entries = vec![
        ("created", created),
        (outcome, json!({"agentId": claim.agent, "decision": claim.decision, "automatic": true})),
    ];
    timeline::write(tx, clock, actor, &mut ticket, entries).await?;
    let subject = subject_of(ticket.id);
    events::publish(tx, now, EventType::TicketCreated, &subject, &ticket.view()).await?;
    Ok(ticket)
}

/// How events name a ticket.
pub fn subject_of(id: TicketId) -> String {
    format!("tickets/{id}")
}

/// What is wrong with a declared `createdAt`: only some may take over history, and none from the future.
pub fn import_fault(
    actor: &Actor,
    declared: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<&'static str> {
    let declared = declared?;
    match actor {
        Actor::Service { .. } | Actor::User { role: Role::Admin, .. } => {
            (declared > now).then_some("Created at must not lie in the future")
        }
        _ => Some("Created at can only be given by an administrator or a service's API key"),
    }
}

struct Speaker {
    requester: Option<crate::ids::CustomerId>,
    number: Option<i64>,
    name: String,
    email: String,
    /// Whether the customer is known and the address is not.
    address_claimed: bool,
}

/// Who asks: a customer's own credentials, whom staff name, or a claim that is only stored; what is needed
/// of it is there by [`Claim::faults`].
async fn speaker(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    request: &Request,
) -> Result<Speaker, Error> {
    if let Actor::Customer { id, name, email, .. } = actor {
        let number = identity::service::customer_number(tx, *id).await?;
        let address_claimed = email.is_none();
        let email = email.clone().or_else(|| request.customer_email.clone()).unwrap_or_default();
        let (requester, name) = (Some(*id), name.clone());
        return Ok(Speaker { requester, number, name, email, address_claimed });
    }
    let name = request.customer_name.clone().unwrap_or_default();
    let email = request.customer_email.clone().unwrap_or_default();
    let requester = if actor.is_staff() {
        let number = request.customer_id;
        Some(identity::service::customer_for_service(tx, clock, number, &name, &email).await?)
    } else {
        None
    };
    Ok(Speaker { requester, number: request.customer_id, name, email, address_claimed: false })
}
