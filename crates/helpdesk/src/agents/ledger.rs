//! The load ledger: how much each agent has in work, and who gets the next ticket.
//!
//! The ledger is changed in the same transaction as every change of assignee or status, and counts
//! tickets that are open, in progress or reopened. Who counts tickets first and assigns afterwards
//! puts agents over capacity as soon as two do it at once; a row that is locked, checked and raised
//! does not (semantics, section 2).
//!
//! Locks: whoever changes two ledger rows takes them by id; whoever calls [`claim`] had better hold
//! none yet. Tickets are locked before ledger rows, or with SKIP LOCKED after them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, UserId};
use kamhub_postgres::PgConnection;

use super::decision::{Decision, Standing};
use super::repo::ledger as rows;
use super::{Error, repo};
use crate::category::Category;
use crate::ids::AgentId;

/// How often a claim waits for rows that others have locked. Each wait that ends with nothing means
/// that somebody else took a place meanwhile, so this is never reached in practice.
const MOST_WAITS: usize = 64;

/// What came of asking for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who takes the ticket; their ledger row is raised already. None: the ticket waits.
    pub agent: Option<AgentId>,
    /// Why.
    pub decision: Decision,
}

/// Chooses an agent for a new ticket of `category` and raises their ledger row: the least loaded of
/// those who are online, within their hours, specialised and below capacity, then who has waited
/// longest.
///
/// Rows that other transactions hold are passed over; where nobody else is left, the best of them is
/// waited for and looked at again.
///
/// # Errors
/// A database fault.
pub async fn claim(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    category: Category,
) -> Result<Claim, Error> {
    claim_from(tx, now, category, None).await
}

/// The same for a ticket that is taken from `except`, who is not looked at.
///
/// # Errors
/// A database fault.
pub async fn claim_from(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    category: Category,
    except: Option<AgentId>,
) -> Result<Claim, Error> {
    let mut standings = others(tx, category, except).await?;
    for _ in 0..MOST_WAITS {
        let able = able(&standings, now);
        let Some(best) = able.first().map(|standing| standing.agent_id) else { break };
        let ids: Vec<AgentId> = able.iter().map(|standing| standing.agent_id).collect();
        let mut taken = rows::take_first_free(tx, &ids, now).await?;
        if taken.is_none() {
            taken = rows::take_when_free(tx, best, now).await?;
        }
        if let Some((agent, open_tickets)) = taken {
            for standing in standings.iter_mut().filter(|standing| standing.agent_id == agent) {
                standing.open_tickets = open_tickets - 1;
            }
            let decision = Decision::of(category, now, &standings, Some(agent));
            return Ok(Claim { agent: Some(agent), decision });
        }
        standings = others(tx, category, except).await?;
    }
    Ok(Claim { agent: None, decision: Decision::of(category, now, &standings, None) })
}

async fn others(
    tx: &mut PgConnection,
    category: Category,
    except: Option<AgentId>,
) -> Result<Vec<Standing>, Error> {
    let mut standings = rows::standings(tx, Some(category)).await?;
    standings.retain(|standing| Some(standing.agent_id) != except);
    Ok(standings)
}

/// Who would get a ticket of `category` now, and why not the others; nothing is changed. `chosen`
/// is who a claim would take, and nobody while the ticket is snoozed.
///
/// # Errors
/// A database fault.
pub async fn explain(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    category: Category,
    is_snoozed: bool,
) -> Result<Decision, Error> {
    let standings = rows::standings(connection, Some(category)).await?;
    if is_snoozed {
        return Ok(Decision::of_snoozed(category, now, &standings));
    }
    let best = able(&standings, now).first().map(|standing| standing.agent_id);
    Ok(Decision::of(category, now, &standings, best))
}

/// Why `agent` gets a ticket of `category` that has waited, and why not the others; as it stands
/// before the ticket is counted.
///
/// # Errors
/// A database fault.
pub async fn explain_drain(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    category: Category,
    agent: AgentId,
) -> Result<Decision, Error> {
    let standings = rows::standings(connection, Some(category)).await?;
    Ok(Decision::of(category, now, &standings, Some(agent)))
}

/// Those who can take a ticket, the most suitable first.
fn able(standings: &[Standing], now: DateTime<Utc>) -> Vec<&Standing> {
    let mut able: Vec<&Standing> =
        standings.iter().filter(|standing| standing.obstacle(now).is_none()).collect();
    able.sort_by(|one, other| one.before(other));
    able
}

/// One ticket more in work: it was assigned to the agent, or came back to work with them. Capacity
/// bounds what is assigned automatically, never what a person decides.
///
/// # Errors
/// [`Error::NotFound`] where there is no such agent; a database fault.
pub async fn work_started(
    tx: &mut PgConnection,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if rows::raise(tx, agent, now).await? { Ok(()) } else { Err(Error::NotFound) }
}

/// One ticket less in work: it was resolved, parked, given away or deleted.
///
/// # Errors
/// [`Error::NotFound`] where there is no such agent; a database fault, also where the ledger would
/// fall below zero: then a change was counted twice, and must not be stored.
pub async fn work_ended(tx: &mut PgConnection, agent: AgentId) -> Result<(), Error> {
    if rows::lower(tx, agent).await? { Ok(()) } else { Err(Error::NotFound) }
}

/// How many tickets the agent could be given now: 0 unless available. The ledger row stays locked
/// until the transaction ends, so what is free stays free.
///
/// # Errors
/// A database fault.
pub async fn free_slots(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    agent: AgentId,
) -> Result<i64, Error> {
    rows::lock(tx, agent).await?;
    let standing = rows::standing(tx, agent).await?;
    Ok(standing.filter(|standing| standing.obstacle(now).is_none()).map_or(0, |s| s.room()))
}

/// Those who have been away or offline since `until` or longer.
///
/// # Errors
/// A database fault.
pub async fn absent_since(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> Result<Vec<AgentId>, Error> {
    Ok(repo::absent_since(connection, until).await?)
}

/// What the agent is specialised in; nothing where there is no such agent.
///
/// # Errors
/// A database fault.
pub async fn specialities(
    connection: &mut PgConnection,
    agent: AgentId,
) -> Result<Vec<Category>, Error> {
    Ok(repo::specialities(connection, agent).await?)
}

/// Everybody who could take a ticket of some category now, the most suitable first.
///
/// # Errors
/// A database fault.
pub async fn available_agents_with_room(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<AgentId>, Error> {
    let standings = rows::standings(connection, None).await?;
    Ok(able(&standings, now).into_iter().map(|standing| standing.agent_id).collect())
}

/// Everybody who could take a ticket of `category` now, the most suitable first.
///
/// # Errors
/// A database fault.
pub async fn available_for(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    category: Category,
) -> Result<Vec<AgentId>, Error> {
    let standings = rows::standings(connection, Some(category)).await?;
    Ok(able(&standings, now).into_iter().map(|standing| standing.agent_id).collect())
}

/// The agent whose account this is.
///
/// # Errors
/// A database fault.
pub async fn agent_by_account(
    connection: &mut PgConnection,
    account: UserId,
) -> Result<Option<AgentId>, Error> {
    Ok(repo::by_account(connection, account, None).await?)
}

/// The agent that the actor is: by account, or, where the account is younger than the agent, by
/// the account's e-mail address.
///
/// # Errors
/// A database fault.
pub async fn agent_of(
    connection: &mut PgConnection,
    actor: &Actor,
) -> Result<Option<AgentId>, Error> {
    match actor {
        Actor::User { id, email, .. } => Ok(repo::by_account(connection, *id, Some(email)).await?),
        _ => Ok(None),
    }
}

/// Whether there is such an agent.
///
/// # Errors
/// A database fault.
pub async fn agent_exists(connection: &mut PgConnection, agent: AgentId) -> Result<bool, Error> {
    Ok(repo::exists(connection, agent).await?)
}

/// The agent's name, also of one who has left.
///
/// # Errors
/// A database fault.
pub async fn agent_name(
    connection: &mut PgConnection,
    agent: AgentId,
) -> Result<Option<String>, Error> {
    Ok(agent_names(connection, &[agent]).await?.remove(&agent))
}

/// The names of these agents, also of those who have left.
///
/// # Errors
/// A database fault.
pub async fn agent_names(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> Result<HashMap<AgentId, String>, Error> {
    Ok(repo::names(connection, agents).await?.into_iter().collect())
}
