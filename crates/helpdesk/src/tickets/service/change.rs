//! Every change of a ticket goes through [`save`]: one place that keeps row, ledger, timeline and
//! event together.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock, Faults, Versions};
use kamhub_postgres::PgConnection;
use serde_json::{Value, json};

use super::conversation::is_past_reopening;
use super::{backlog, lock, timeline};
use crate::agents;
use crate::category::Category;
use crate::events::{self, EventType};
use crate::ids::{AgentId, TicketId};
use crate::tickets::error::Error;
use crate::tickets::model::{Priority, Ticket, difference};
use crate::tickets::repo;
use crate::tickets::service::create::subject_of;
use crate::tickets::state::{InvalidTransition, Status};

/// What an update asks for: `None` leaves as it is, `Some(None)` empties.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// What it is about, in one line.
    pub subject: Option<String>,
    /// What was written first.
    pub description: Option<String>,
    /// The state.
    pub status: Option<Status>,
    /// The priority.
    pub priority: Option<Priority>,
    /// The category.
    pub category: Option<Category>,
    /// Who works on it.
    pub agent: Option<Option<AgentId>>,
    /// The team.
    pub team: Option<Option<String>>,
    /// The tags.
    pub tags: Option<Vec<String>>,
    /// How it was solved.
    pub resolution: Option<Option<String>>,
    /// The platform's booking number.
    pub related_booking_id: Option<Option<i64>>,
    /// The platform's order number.
    pub related_order_id: Option<Option<i64>>,
}

impl Update {
    /// Whether the state that is given is a step. Beside other fields the state that the ticket has is none: whoever
    /// sends back a whole ticket did not ask for one. By itself it is, and no state leads to itself.
    fn is_step(&self, from: Status, to: Status) -> bool {
        let by_itself = Self { status: Some(to), ..Self::default() };
        from != to || *self == by_itself
    }
}

/// Updates a ticket; `seen` is the version that the caller has read, where it cares.
///
/// # Errors
/// [`Error::Stale`], [`Error::Transition`], [`Error::Merged`]; a database fault where there is no such agent,
/// which [`agent_faults`] tells by the name of the field.
pub async fn update(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
    update: Update,
) -> Result<Ticket, Error> {
    let before = lock_for_change(tx, actor, id, seen).await?;
    let now = clock.now();
    let mut after = before.clone();
    if let Some(status) = update.status.filter(|status| update.is_step(before.status, *status)) {
        after.enter(before.status.step(status)?, now);
    }
    let Update { subject, description, category, agent, team, tags, resolution, .. } = update;
    set(&mut after.subject, subject);
    set(&mut after.description, description);
    set(&mut after.category, category);
    set(&mut after.priority, update.priority);
    set(&mut after.agent_id, agent);
    set(&mut after.team, team);
    set(&mut after.tags, tags);
    set(&mut after.resolution, resolution);
    set(&mut after.related_booking_id, update.related_booking_id);
    set(&mut after.related_order_id, update.related_order_id);
    save(tx, clock, actor, before, after, "updated", json!({})).await
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// A named step: `POST …/close` and `POST …/reopen`.
#[derive(Debug, Clone)]
pub struct Step {
    /// What the timeline calls it.
    pub kind: &'static str,
    /// The step itself.
    pub step: fn(Status) -> Result<Status, InvalidTransition>,
    /// How it was solved, where that is said.
    pub resolution: Option<String>,
    /// For how many business days after the closing a customer may take it, where not for ever. The desk always may.
    pub window_days: Option<u32>,
}

/// Takes a ticket one step further.
///
/// # Errors
/// [`Error::Transition`] from a state that the step does not start from; [`Error::TooLate`] for a
/// customer after the window; as [`update`].
pub async fn step(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
    step: Step,
) -> Result<Ticket, Error> {
    let before = lock_for_change(tx, actor, id, seen).await?;
    let window = step.window_days.filter(|_| !actor.is_staff());
    if window.is_some_and(|days| is_past_reopening(&before, clock.now(), days)) {
        return Err(Error::TooLate);
    }
    let mut after = before.clone();
    after.enter((step.step)(before.status)?, clock.now());
    if step.resolution.is_some() {
        after.resolution = step.resolution;
    }
    save(tx, clock, actor, before, after, step.kind, json!({})).await
}

/// Gives a ticket to an agent, or to whoever is best where none is named.
///
/// # Errors
/// As [`update`].
pub async fn assign(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
    agent: Option<AgentId>,
) -> Result<Ticket, Error> {
    let before = lock_for_change(tx, actor, id, seen).await?;
    let Some(agent) = agent else {
        return backlog::assign_automatically(tx, clock, actor, before).await;
    };
    let mut after = before.clone();
    after.agent_id = Some(agent);
    save(tx, clock, actor, before, after, "assigned", json!({"automatic": false})).await
}

/// Deletes a ticket: it stays in the database, and nobody finds it any more. One that others were merged
/// into has their messages, and is not deleted before those merges are undone.
///
/// # Errors
/// [`Error::Survivor`]; as [`update`].
pub async fn delete(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
) -> Result<(), Error> {
    let before = lock(tx, actor, id).await?;
    check_version(&before, actor, seen)?;
    if repo::merges::is_survivor(tx, id).await? {
        return Err(Error::Survivor);
    }
    let mut after = before.clone();
    after.deleted_at = Some(clock.now());
    save(tx, clock, actor, before, after, "deleted", json!({})).await?;
    Ok(())
}

/// Locks a ticket that is to be changed.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`]; [`Error::Merged`] where it went into another one.
pub async fn lock_for_change(
    tx: &mut PgConnection,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
) -> Result<Ticket, Error> {
    let ticket = lock(tx, actor, id).await?;
    check_version(&ticket, actor, seen)?;
    if ticket.merged_into_id.is_some() {
        return Err(Error::Merged(Box::new(ticket.view_for(actor))));
    }
    Ok(ticket)
}

pub(super) fn check_version(
    ticket: &Ticket,
    actor: &Actor,
    seen: Option<Versions>,
) -> Result<(), Error> {
    match seen {
        Some(seen) if seen != ticket.version => {
            Err(Error::Stale(seen, Box::new(ticket.view_for(actor))))
        }
        _ => Ok(()),
    }
}

/// A fault of `field` where there is no such agent.
///
/// # Errors
/// A database fault.
pub async fn agent_faults(
    tx: &mut PgConnection,
    field: &str,
    agent: AgentId,
) -> Result<Faults, Error> {
    if agents::service::agent_exists(tx, agent).await? {
        return Ok(Faults::new());
    }
    let name = if field == "assignedTo" { "Assigned to" } else { "Agent id" };
    Ok(Faults::of(field, format!("{name} names an agent who does not exist")))
}

/// Writes a changed ticket with its ledger, timeline and event; then hands freed capacity to
/// waiting tickets, and looks for an agent where the ticket came back to work without one.
///
/// # Errors
/// A database fault.
pub async fn save(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    before: Ticket,
    after: Ticket,
    kind: &'static str,
    details: Value,
) -> Result<Ticket, Error> {
    let came_back = after.waits() && !before.status.is_open_work();
    let mut after = write(tx, clock, actor, &before, after, kind, details).await?;
    let freed = before.worked_on_by().filter(|agent| after.worked_on_by() != Some(*agent));
    if let Some(agent) = freed {
        backlog::drain_for_agent(tx, clock, agent, Some(after.id)).await?;
    }
    if came_back {
        after = backlog::assign_automatically(tx, clock, actor, after).await?;
    }
    Ok(after)
}

/// The writing itself, for changes that free nobody's capacity.
///
/// # Errors
/// A database fault.
pub(super) async fn write(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    before: &Ticket,
    mut after: Ticket,
    kind: &'static str,
    details: Value,
) -> Result<Ticket, Error> {
    let Some((was, is)) = difference(before, &after) else { return Ok(after) };
    let now = clock.now();
    after.version = before.version + 1;
    after.updated_at = now;
    let mut data = json!({"before": was, "after": is});
    if let (Some(data), Value::Object(details)) = (data.as_object_mut(), details) {
        data.extend(details);
    }
    // Listeners first: what they lock is never waited for with a ledger row in hand.
    timeline::append(tx, clock, actor, &mut after, vec![(kind, data)]).await?;
    move_load(tx, now, before.worked_on_by(), after.worked_on_by()).await?;
    repo::update(tx, &after).await?;
    let event = match kind {
        "deleted" => EventType::TicketDeleted,
        _ => EventType::TicketUpdated,
    };
    let changed = json!({"ticket": after.view(), "change": kind, "before": was, "after": is});
    events::publish(tx, now, event, &subject_of(after.id), &changed).await?;
    Ok(after)
}

/// Moves a ticket's weight from one agent to another. Ledger rows are changed in the order of their
/// ids, so that two moves in opposite directions wait for each other instead of deadlocking.
async fn move_load(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    from: Option<AgentId>,
    to: Option<AgentId>,
) -> Result<(), Error> {
    if from == to {
        return Ok(());
    }
    let mut steps: Vec<(AgentId, bool)> =
        from.map(|agent| (agent, false)).into_iter().chain(to.map(|agent| (agent, true))).collect();
    steps.sort_unstable();
    for (agent, begins) in steps {
        if begins {
            agents::service::work_started(tx, agent, now).await?;
        } else {
            agents::service::work_ended(tx, agent).await?;
        }
    }
    Ok(())
}
