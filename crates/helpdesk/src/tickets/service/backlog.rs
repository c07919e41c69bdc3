//! The queue of waiting tickets: it drains whenever an agent gets room, and takes back what an
//! absent agent has not begun, or will not answer in time (semantics, section 2).

use chrono::Duration;
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::change::{save, write};
use super::timeline;
use crate::agents;
use crate::ids::{AgentId, TicketId};
use crate::tickets::error::Error;
use crate::tickets::model::Ticket;
use crate::tickets::repo;
use crate::tickets::state::Status;

/// The most tickets that one transaction moves.
const BATCH: i64 = 100;
/// Begun work of an absent agent goes to somebody else when a deadline is as near as this.
const AT_RISK: Duration = Duration::hours(1);

/// The product itself, when it hands out work.
pub const ASSIGNER: Actor = Actor::System { job: "assignment" };

/// Looks for the best agent for a ticket, and records why it was chosen, or why there is none. A ticket
/// that somebody has already stays with them where nobody else is found, or nobody better.
///
/// # Errors
/// A database fault.
pub async fn assign_automatically(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: Ticket,
) -> Result<Ticket, Error> {
    assign(tx, clock, actor, ticket, None).await
}

/// Takes a ticket from its agent for the best other one, and records why it was that one. Where nobody
/// else can take it, it stays where it is, and that is recorded.
///
/// # Errors
/// A database fault.
pub async fn assign_to_another(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: Ticket,
) -> Result<Ticket, Error> {
    let holder = ticket.agent_id;
    assign(tx, clock, actor, ticket, holder).await
}

async fn assign(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    mut ticket: Ticket,
    except: Option<AgentId>,
) -> Result<Ticket, Error> {
    let now = clock.now();
    let held = ticket.worked_on_by();
    let claim = agents::service::claim_from(tx, now, ticket.category, except).await?;
    let outcome = match claim.agent {
        Some(agent) if ticket.agent_id != Some(agent) => "assigned",
        None if ticket.waits() => "waiting",
        _ => "kept",
    };
    metrics::counter!("kamhub_assignments_total", "outcome" => outcome).increment(1);
    let mut details = json!({"automatic": true, "decision": claim.decision});
    if let (None, Some(holder)) = (claim.agent, except) {
        details["agentId"] = json!(holder);
        details["reason"] = json!("nobody else can take it");
    }
    if let Some(agent) = claim.agent {
        // The claim has taken the agent's place in the ledger; the write below takes its own.
        agents::service::work_ended(tx, agent).await?;
    }
    let Some(agent) = claim.agent.filter(|_| outcome == "assigned") else {
        timeline::write(tx, clock, actor, &mut ticket, vec![(outcome, details)]).await?;
        return Ok(ticket);
    };
    let mut after = ticket.clone();
    after.agent_id = Some(agent);
    let after = write(tx, clock, actor, &ticket, after, "assigned", details).await?;
    if let Some(freed) = held {
        Box::pin(drain_for_agent(tx, clock, freed, None)).await?;
    }
    Ok(after)
}

/// Gives waiting tickets to an agent who has room, most urgent first; answers how many. `except` is not
/// given: whoever was just relieved of a ticket does not get it back by that.
///
/// # Errors
/// A database fault.
pub async fn drain_for_agent(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    agent: AgentId,
    except: Option<TicketId>,
) -> Result<usize, Error> {
    let now = clock.now();
    let room = agents::service::free_slots(tx, now, agent).await?;
    if room <= 0 {
        return Ok(0);
    }
    let specialities = agents::service::specialities(tx, agent).await?;
    let waiting = repo::backlog::next_for(tx, &specialities, except, now, room.min(BATCH)).await?;
    for id in &waiting {
        let Some(before) = repo::lock(tx, *id).await? else { continue };
        let decision = agents::service::explain_drain(tx, now, before.category, agent).await?;
        let reason = "the agent has room for waiting tickets";
        let details = json!({"automatic": true, "reason": reason, "decision": decision});
        let mut after = before.clone();
        after.agent_id = Some(agent);
        write(tx, clock, &ASSIGNER, &before, after, "assigned", details).await?;
        metrics::counter!("kamhub_assignments_total", "outcome" => "drained").increment(1);
    }
    Ok(waiting.len())
}

/// Agents who may take waiting tickets now; none where nothing waits.
///
/// # Errors
/// A database fault.
pub async fn agents_to_fill(
    connection: &mut PgConnection,
    clock: &dyn Clock,
) -> Result<Vec<AgentId>, Error> {
    if !repo::backlog::is_any(connection).await? {
        return Ok(Vec::new());
    }
    Ok(agents::service::available_agents_with_room(connection, clock.now()).await?)
}

/// Takes back one ticket of an agent who is away or offline for longer than `grace`, and has had the ticket for as long;
/// looks for somebody else; false where there is none. Begun work stays with its agent until a deadline is near, snoozed
/// work until it wakes. Its place in the queue is the old one. One at a time, so that no transaction holds several
/// agents' rows.
///
/// # Errors
/// A database fault.
pub async fn requeue_unattended(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    grace: Duration,
) -> Result<bool, Error> {
    let now = clock.now();
    let since = now - grace;
    let absent = agents::service::absent_since(tx, since).await?;
    let tickets = repo::backlog::left_behind(tx, &absent, now + AT_RISK, since, now, 1).await?;
    for id in &tickets {
        let Some(before) = repo::lock(tx, *id).await? else { continue };
        let mut after = before.clone();
        after.agent_id = None;
        let reason = match before.status {
            Status::InProgress => "the agent is away and a deadline is near",
            _ => "the agent is away and had not begun",
        };
        let details = json!({"automatic": true, "reason": reason});
        let after = save(tx, clock, &ASSIGNER, before, after, "requeued", details).await?;
        assign_automatically(tx, clock, &ASSIGNER, after).await?;
    }
    Ok(!tickets.is_empty())
}

/// Brings one ticket back whose snooze is over; false where there is none.
///
/// # Errors
/// A database fault.
pub async fn wake_snoozed(tx: &mut PgConnection, clock: &dyn Clock) -> Result<bool, Error> {
    let now = clock.now();
    let tickets: Vec<TicketId> = repo::backlog::snooze_over(tx, now, 1).await?;
    for id in &tickets {
        let Some(before) = repo::lock(tx, *id).await? else { continue };
        let mut after = before.clone();
        after.wake();
        let reason = match before.snoozed_until {
            Some(until) if until <= now => "the time has come",
            _ => "a deadline is near",
        };
        let actor = Actor::System { job: "snooze" };
        let told = json!({"reason": reason});
        let after = save(tx, clock, &actor, before, after, "woken", told).await?;
        if after.waits() {
            assign_automatically(tx, clock, &ASSIGNER, after).await?;
        }
    }
    Ok(!tickets.is_empty())
}
