//! A customer says what they think of how a ticket was handled.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock, Faults};
use kamhub_postgres::PgConnection;
use serde_json::json;

use crate::events::{self, EventType};
use crate::feedback::error::Error;
use crate::feedback::model::{CHANGEABLE_FOR, Feedback, Said};
use crate::feedback::repo;
use crate::ids::{AgentId, CustomerId, FeedbackId, TicketId};
use crate::tickets::model::Ticket;
use crate::tickets::service::conversation::{self, Conversation};
use crate::{agents, identity, tickets};

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// The platform's number of the customer for whom a service speaks; the ticket's where it does
    /// not say. A customer speaks for themselves.
    pub customer_id: Option<i64>,
    /// The agent whom it is about; the ticket's where it does not say.
    pub agent: Option<AgentId>,
    /// What they say.
    pub said: Said,
}

/// Feedback that was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The feedback.
    pub feedback: Feedback,
    /// Whether it is the customer's first on this ticket.
    pub first: bool,
}

/// Stores what a customer says of a ticket. Said again within 14 days of the first time, or of the
/// ticket's last resolution, it replaces what is said anew; the same again changes nothing.
///
/// # Errors
/// [`Error::NoCredentials`], [`Error::NotTheCustomer`], [`Error::Settled`]; field faults: a ticket that
/// does not exist, or not for this actor; an agent who does not exist.
pub async fn give(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: TicketId,
    request: Request,
) -> Result<Given, Error> {
    check_speaker(actor)?;
    let (conversation, agent) = find(tx, actor, ticket, request.agent).await?;
    let (requester, number) =
        customer(tx, actor, &conversation.addressed, request.customer_id).await?;
    let now = clock.now();
    let ticket = &conversation.ticket;
    // The ticket is locked: two first ones at the same time come one after the other.
    let Some(before) = repo::of_customer(tx, ticket.id, requester, number).await? else {
        let agent_id = agent.or(ticket.agent_id);
        let new = Feedback {
            customer_id: number,
            requester_id: requester,
            team: team(tx, now, ticket, agent_id).await?,
            ..empty(ticket, now)
        };
        let mut feedback = new.with(request.said, agent_id);
        feedback.id = repo::insert(tx, &feedback).await?;
        told(tx, clock, actor, None, &feedback).await?;
        return Ok(Given { feedback, first: true });
    };
    let mut after = before.with(request.said, agent);
    if after == before {
        return Ok(Given { feedback: before, first: false });
    }
    let open_since = ticket.resolved_at.map_or(before.created_at, |at| at.max(before.created_at));
    if now - open_since > CHANGEABLE_FOR {
        return Err(Error::Settled(Box::new(before.view())));
    }
    after.updated_at = now;
    repo::update(tx, &after).await?;
    told(tx, clock, actor, Some(&before), &after).await?;
    Ok(Given { feedback: after, first: false })
}

/// What the customer of a link has said of their ticket so far.
///
/// # Errors
/// That of a ticket that is gone; a database fault.
pub async fn said(
    connection: &mut PgConnection,
    actor: &Actor,
    ticket: TicketId,
) -> Result<Option<Feedback>, Error> {
    let Actor::Customer { id, .. } = actor else { return Ok(None) };
    let found = conversation::find(connection, actor, ticket).await?;
    Ok(repo::of_customer(connection, found.ticket.id, Some(*id), None).await?)
}

/// Whether the actor may say what customers think at all.
///
/// # Errors
/// [`Error::NoCredentials`] from nobody in particular, [`Error::NotTheCustomer`] from a person of the
/// desk.
pub fn check_speaker(actor: &Actor) -> Result<(), Error> {
    match actor {
        Actor::Anonymous { .. } => Err(Error::NoCredentials),
        Actor::User { .. } => Err(Error::NotTheCustomer),
        Actor::Customer { .. } | Actor::Service { .. } | Actor::System { .. } => Ok(()),
    }
}

/// The ticket, locked, and the agent who is named; both are looked at before either is refused.
async fn find(
    tx: &mut PgConnection,
    actor: &Actor,
    ticket: TicketId,
    agent: Option<AgentId>,
) -> Result<(Conversation, Option<AgentId>), Error> {
    let mut faults = Faults::new();
    let conversation = match conversation::lock(tx, actor, ticket).await {
        Ok(conversation) => Some(conversation),
        Err(tickets::Error::NotFound) => {
            faults.add("ticketId", "Ticket id names no ticket, or none that you may rate");
            None
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(agent) = agent {
        let known = match actor {
            // Whose work a customer rates is not theirs to choose.
            Actor::Customer { .. } => {
                conversation.as_ref().is_some_and(|found| found.ticket.agent_id == Some(agent))
            }
            _ => agents::service::agent_exists(tx, agent).await?,
        };
        if !known {
            let sentence = match actor {
                Actor::Customer { .. } => "Agent id does not name the agent of this ticket",
                _ => "Agent id names an agent who does not exist",
            };
            faults.add("agentId", sentence);
        }
    }
    match conversation {
        Some(conversation) if faults.is_empty() => Ok((conversation, agent)),
        _ => Err(Error::Invalid(faults)),
    }
}

/// Who says it: a customer for themselves, whatever the body says; a service for whom it names.
async fn customer(
    tx: &mut PgConnection,
    actor: &Actor,
    ticket: &Ticket,
    named: Option<i64>,
) -> Result<(Option<CustomerId>, Option<i64>), Error> {
    if let Actor::Customer { id, .. } = actor {
        return Ok((Some(*id), identity::service::customer_number(tx, *id).await?));
    }
    match named {
        Some(number) if ticket.customer_id != Some(number) => {
            Ok((identity::service::customer_of_number(tx, number).await?, Some(number)))
        }
        _ => Ok((ticket.requester_id, ticket.customer_id)),
    }
}

/// The ticket's team, or its agent's.
async fn team(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    ticket: &Ticket,
    agent: Option<AgentId>,
) -> Result<Option<String>, Error> {
    let (None, Some(agent)) = (&ticket.team, agent) else { return Ok(ticket.team.clone()) };
    match agents::service::read(tx, now, agent).await {
        Ok(agent) => Ok(agent.team),
        Err(agents::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn empty(ticket: &Ticket, now: DateTime<Utc>) -> Feedback {
    Feedback {
        id: FeedbackId(0),
        ticket_id: ticket.id,
        customer_id: None,
        requester_id: None,
        agent_id: None,
        category: Some(ticket.category),
        team: None,
        rating: 0,
        comment: None,
        response_time: None,
        resolution: None,
        professionalism: None,
        knowledge: None,
        would_recommend: None,
        nps_score: None,
        ces_score: None,
        follow_up_required: false,
        follow_up_done_at: None,
        follow_up_done_by: None,
        follow_up_done_by_name: None,
        created_at: now,
        updated_at: now,
    }
}

/// The timeline's entry, the events, and the end of what the customer was asked.
async fn told(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    before: Option<&Feedback>,
    after: &Feedback,
) -> Result<(), Error> {
    let now = clock.now();
    let ticket = after.ticket_id;
    let earlier = before.map(|before| before.rating);
    let entry = json!({"feedbackId": after.id, "rating": after.rating, "earlierRating": earlier});
    let (kind, data) = match before {
        None => (EventType::FeedbackCreated, json!({"feedback": after.view()})),
        Some(before) => {
            (EventType::FeedbackUpdated, json!({"feedback": after.view(), "before": before.view()}))
        }
    };
    conversation::note(tx, clock, actor, ticket, ("feedback", entry), (kind, data)).await?;
    if after.waits_for_follow_up() && !before.is_some_and(Feedback::waits_for_follow_up) {
        let data = json!({"feedback": after.view()});
        let subject = format!("feedback/{}", after.id);
        let kind = EventType::FeedbackFollowUpRequired;
        events::publish(tx, now, kind, &subject, &data).await?;
    }
    Ok(repo::requests::answered(tx, ticket, now).await?)
}
