//! Use cases of the agents slice, and the ledger for the slices above.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{Page, PageRequest, Start, encode_cursor};
use kamhub_kernel::{Actor, Clock, Faults, UserId};
use kamhub_postgres::{DbError, PgConnection};
use serde_json::{Map, Value, json};

pub use super::ledger::{
    Claim, absent_since, agent_by_account, agent_exists, agent_name, agent_names, agent_of,
    available_agents_with_room, available_for, claim, claim_from, explain, explain_drain,
    free_slots, specialities, work_ended, work_started,
};
use super::model::{Agent, AgentStatus, Contact, Profile};
pub use super::repo::Filter;
use super::repo::ledger as rows;
use super::{Error, repo};
use crate::access::{self, Permission};
use crate::category::Category;
use crate::events::{EventType, publish};
use crate::identity;
use crate::ids::AgentId;

const EMAIL_TAKEN: &str = "Another agent has this email already";
const USER_TAKEN: &str = "Another agent has this user id already";

/// Makes an agent, with an empty row in the ledger.
///
/// # Errors
/// [`Error::Taken`] where another agent has the address or the platform's number; a database fault.
pub async fn create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    profile: &Profile,
    status: AgentStatus,
) -> Result<AgentId, Error> {
    let now = clock.now();
    refuse_taken(tx, profile, None).await?;
    let account = account_of(tx, &profile.email).await?;
    let id = repo::insert(tx, profile, account, status, now).await.map_err(taken)?;
    let agent = read(tx, now, id).await?;
    let data = json!({"agent": agent, "by": actor.label()});
    publish(tx, now, EventType::AgentCreated, &subject(id), &data).await?;
    Ok(id)
}

/// Changes what is known of an agent. `change` is given the profile as it is and answers it as it
/// shall be; where both are the same, nothing is written.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Taken`] as in [`create`]; a database fault.
pub async fn update(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: AgentId,
    change: impl FnOnce(Profile) -> Profile,
) -> Result<(), Error> {
    let now = clock.now();
    let before = read_locked(tx, now, id).await?;
    let profile = change(before.profile());
    if profile == before.profile() {
        return Ok(());
    }
    refuse_taken(tx, &profile, Some(id)).await?;
    let account = account_of(tx, &profile.email).await?;
    repo::update(tx, id, &profile, account, now).await.map_err(taken)?;
    let after = read(tx, now, id).await?;
    let (old, new) = differences(&before, &after);
    let data = json!({"agentId": id, "before": old, "after": new, "by": actor.label()});
    publish(tx, now, EventType::AgentUpdated, &subject(id), &data).await?;
    Ok(())
}

/// Changes whether an agent takes tickets: anybody's by whoever manages agents, one's own by
/// everybody else.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotOneself`]; a database fault.
pub async fn set_status(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: AgentId,
    status: AgentStatus,
) -> Result<(), Error> {
    let now = clock.now();
    if !access::has(actor, Permission::AgentsManage) && agent_of(tx, actor).await? != Some(id) {
        return Err(Error::NotOneself);
    }
    let before = read_locked(tx, now, id).await?;
    if before.status == status {
        return Ok(());
    }
    repo::set_status(tx, id, status, now).await?;
    let data = json!({
        "agentId": id, "name": before.name, "before": before.status, "after": status,
        "by": actor.label(),
    });
    publish(tx, now, EventType::AgentStatusChanged, &subject(id), &data).await?;
    Ok(())
}

/// An agent as of `now`.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn read(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: AgentId,
) -> Result<Agent, Error> {
    let filter = Filter { ids: Some(vec![id]), ..Filter::default() };
    repo::agents(connection, now, &filter, 0, 0, 1).await?.pop().ok_or(Error::NotFound)
}

/// A page of agents by id; with a category only those who could be given such a ticket now. Agents
/// are few, so the total is always exact.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    mut filter: Filter,
    available_for_category: Option<Category>,
    page: &PageRequest<AgentId>,
) -> Result<Page<Agent>, Error> {
    if let Some(category) = available_for_category {
        filter.ids = Some(available_for(connection, now, category).await?);
    }
    let (after, skip) = match page.start {
        Start::Offset(rows) => (0, rows),
        Start::After(agent) => (agent.0, 0),
    };
    let mut items =
        repo::agents(connection, now, &filter, after, skip, page.limit.saturating_add(1)).await?;
    let wanted = usize::try_from(page.limit).unwrap_or_default();
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next_cursor = items.last().filter(|_| more).map(|last| encode_cursor(&last.id));
    let total = repo::count(connection, &filter).await?;
    Ok(Page { items, total, total_capped: false, next_cursor })
}

/// How these agents are reached; those who have left are missing.
///
/// # Errors
/// A database fault.
pub async fn contacts(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> Result<Vec<Contact>, Error> {
    Ok(repo::contacts::contacts(connection, agents).await?)
}

/// How the agents of these teams are reached.
///
/// # Errors
/// A database fault.
pub async fn contacts_of_teams(
    connection: &mut PgConnection,
    teams: &[String],
) -> Result<Vec<Contact>, Error> {
    Ok(repo::contacts::contacts_of_teams(connection, teams).await?)
}

/// The account by which the agent signs in: the user with the same address.
async fn account_of(tx: &mut PgConnection, email: &str) -> Result<Option<UserId>, Error> {
    let account = identity::service::account_by_email(tx, email).await?;
    Ok(account.map(|account| account.id))
}

/// The ledger row first: claims pass over an agent who is being changed.
async fn read_locked(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    id: AgentId,
) -> Result<Agent, Error> {
    rows::lock(tx, id).await?;
    read(tx, now, id).await
}

/// Says of both unique fields at once whether they are taken; two requests at the same time are
/// told apart by the constraints.
async fn refuse_taken(
    tx: &mut PgConnection,
    profile: &Profile,
    except: Option<AgentId>,
) -> Result<(), Error> {
    let (email, user_id) = repo::taken(tx, profile, except).await?;
    let mut faults = Faults::new();
    if email {
        faults.add("email", EMAIL_TAKEN);
    }
    if user_id {
        faults.add("userId", USER_TAKEN);
    }
    faults.check(()).map_err(Error::Taken)
}

fn taken(error: DbError) -> Error {
    match error.constraint() {
        Some("support_agents_email_key") => Error::Taken(Faults::of("email", EMAIL_TAKEN)),
        Some("support_agents_user_id_key") => Error::Taken(Faults::of("userId", USER_TAKEN)),
        Some("support_agents_account_id_key") => {
            Error::Taken(Faults::of("email", "Another agent signs in with this email already"))
        }
        _ => Error::Database(error),
    }
}

fn subject(id: AgentId) -> String {
    format!("agents/{id}")
}

/// The fields in which two states of an agent differ, as they were and as they are.
fn differences(before: &Agent, after: &Agent) -> (Map<String, Value>, Map<String, Value>) {
    let fields = |agent: &Agent| match serde_json::to_value(agent) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (mut old, mut new) = (fields(before), fields(after));
    // What is computed is not what was changed.
    let same: Vec<String> = old
        .iter()
        .filter(|(name, value)| {
            new.get(*name) == Some(*value) || ["available", "updatedAt"].contains(&name.as_str())
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in same {
        old.remove(&name);
        new.remove(&name);
    }
    (old, new)
}
