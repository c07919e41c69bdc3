//! After a resolution the customer is asked how it was: once for each time, after a while, and not
//! where the ticket came back meanwhile.

use chrono::{DateTime, Duration, Utc};
use kamhub_jobs::Job;
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::{DbResult, PgConnection};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::events::{self, EventType};
use crate::feedback::error::Error;
use crate::feedback::repo;
use crate::identity::keys::Keys;
use crate::identity::service::{LinkPurpose, TicketLink, customer_for_service, link_create};
use crate::ids::TicketId;
use crate::tickets;
use crate::tickets::model::{Channel, Ticket};
use crate::tickets::service::create::subject_of;
use crate::tickets::state::Status;

/// How long the link of a request is good.
const LINK_VALID_FOR: Duration = Duration::days(30);

/// Asks the customer of a ticket how it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestCsat {
    /// The ticket.
    pub ticket_id: TicketId,
    /// How often it had been reopened when it was resolved: one episode is asked about once.
    pub episode: i32,
}

impl Job for RequestCsat {
    const KIND: &'static str = "feedback.request_csat";
}

impl RequestCsat {
    /// The job for this episode, at that time.
    pub fn at(&self, time: DateTime<Utc>) -> kamhub_jobs::NewJob<Self> {
        let key = format!("ticket:{}:{}", self.ticket_id, self.episode);
        kamhub_jobs::NewJob::new(self.clone()).dedupe_key(key).run_at(time)
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The customer is asked.
    Asked,
    /// It is too early.
    NotBefore(DateTime<Utc>),
    /// There is nothing to ask: the ticket came back, the customer has said it, or was asked.
    Nothing,
}

/// A ticket was resolved: its customer will be asked. History that was taken over asks nobody.
///
/// # Errors
/// A database fault.
pub async fn resolved(tx: &mut PgConnection, clock: &dyn Clock, ticket: &Ticket) -> DbResult<()> {
    if ticket.channel == Channel::Import {
        return Ok(());
    }
    let job = RequestCsat { ticket_id: ticket.id, episode: ticket.reopened_count };
    kamhub_jobs::enqueue(tx, clock, job.at(clock.now())).await?;
    Ok(())
}

/// Asks, where `delay` has passed since the resolution and there still is something to ask.
///
/// # Errors
/// A database fault.
pub async fn ask(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    keys: &Keys,
    public_url: &str,
    delay: Duration,
    job: &RequestCsat,
) -> Result<Outcome, Error> {
    let now = clock.now();
    let actor = Actor::System { job: RequestCsat::KIND };
    let ticket = match tickets::service::lock(tx, &actor, job.ticket_id).await {
        Ok(ticket) => ticket,
        Err(tickets::Error::NotFound) => return Ok(Outcome::Nothing),
        Err(error) => return Err(error.into()),
    };
    let finished = matches!(ticket.status, Status::Resolved | Status::Closed)
        && ticket.reopened_count == job.episode
        && ticket.merged_into_id.is_none();
    let Some(resolved_at) = ticket.resolved_at.filter(|_| finished) else {
        return Ok(Outcome::Nothing);
    };
    if now < resolved_at + delay {
        return Ok(Outcome::NotBefore(resolved_at + delay));
    }
    let customer = match ticket.requester_id {
        Some(customer) => customer,
        None => {
            let (name, email) = (&ticket.customer_name, &ticket.customer_email);
            customer_for_service(tx, clock, None, name, email).await?
        }
    };
    let said = repo::of_customer(tx, ticket.id, Some(customer), None).await?;
    if said.is_some_and(|said| said.is_said_since(resolved_at)) {
        return Ok(Outcome::Nothing);
    }
    let expires_at = now + LINK_VALID_FOR;
    if !repo::requests::insert(tx, ticket.id, job.episode, customer, now, expires_at).await? {
        return Ok(Outcome::Nothing);
    }
    let link = TicketLink { ticket: ticket.id, customer };
    let token = link_create(keys, LinkPurpose::Feedback, link, expires_at);
    let data = json!({
        "ticketId": ticket.id,
        "ticketNumber": ticket.ticket_number,
        "requesterId": customer,
        "customerName": ticket.customer_name,
        "customerEmail": ticket.customer_email,
        "agentId": ticket.agent_id,
        "resolvedAt": resolved_at,
        "link": format!("{public_url}/rate?token={token}"),
        "expiresAt": expires_at,
    });
    events::publish(tx, now, EventType::CsatRequested, &subject_of(ticket.id), &data).await?;
    Ok(Outcome::Asked)
}
