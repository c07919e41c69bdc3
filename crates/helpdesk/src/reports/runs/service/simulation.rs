//! Simulation: what draft policies and calendars would have made of past tickets. Tickets are counted as
//! they were measured, and again by their timelines; nothing is changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kamhub_kernel::{Actor, Clock, Faults};
use kamhub_postgres::PgConnection;

use super::repo;
use crate::calendars;
use crate::calendars::CalendarSpec;
use crate::ids::{CalendarId, RunId, TicketId};
use crate::period::Period;
use crate::reports::runs::model::{
    ChangedSides, DraftCalendar, DraftRule, LISTED_AT_MOST, Run, RunKind, Simulated, Simulation,
    violates,
};
use crate::reports::runs::replay::Desk;
use crate::reports::runs::{Error, jobs};
use crate::sla::model::ViolationType;
use crate::sla::policies;
use crate::sla::policies::model::PolicyDraft;
use crate::tickets::model::Entry;

/// How many tickets one transaction takes.
const BATCH: i64 = 500;

/// What is to be tried out.
#[derive(Debug, Clone, Default)]
pub struct Drafts {
    /// The policies in the place of the company's; none: those in force.
    pub policies: Option<Vec<PolicyDraft>>,
    /// Hours in the place of a calendar's; an id that no calendar has stands for a new one.
    pub calendars: Vec<DraftCalendar>,
}

/// Begins a simulation, which a job works on.
///
/// # Errors
/// [`Error::Invalid`]: two policies for one pair, a calendar that is neither stored nor drafted; a
/// database fault.
pub async fn begin(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    period: Period,
    drafts: Drafts,
) -> Result<RunId, Error> {
    let now = clock.now();
    let policies = rules(tx, drafts.policies).await?;
    let calendars = hours(tx, &policies, drafts.calendars).await?;
    let (total, first, last) = repo::extent(tx, period.from, period.to).await?;
    let simulation = Simulation {
        from: period.from,
        to: period.to,
        as_of: now,
        last: last.0,
        policies,
        calendars,
    };
    let request = serde_json::to_value(&simulation)?;
    let start = (TicketId(first.0 - 1), total);
    let id = repo::insert(tx, RunKind::Simulation, &request, start, &actor.label(), now).await?;
    jobs::enqueue(tx, clock, id).await?;
    Ok(id)
}

/// The drafts, or the policies in force; and behind them the built-in default.
async fn rules(
    tx: &mut PgConnection,
    drafts: Option<Vec<PolicyDraft>>,
) -> Result<Vec<DraftRule>, Error> {
    let in_force = policies::service::in_force(tx).await?;
    let stored = in_force.into_iter().map(|one| one.policy);
    let (fallback, own): (Vec<_>, Vec<_>) = stored.partition(|policy| policy.facts.is_default);
    let own = own.into_iter().map(|policy| policy.draft).collect();
    let own = drafts.unwrap_or(own);
    let mut pairs = BTreeSet::new();
    let mut faults = Faults::new();
    for (index, draft) in own.iter().enumerate().filter(|(_, draft)| draft.active) {
        if !pairs.insert((draft.category, draft.priority)) {
            let sentence = "Another draft is for the same category and priority";
            faults.add(format!("policies.{index}"), sentence);
        }
    }
    faults.check(()).map_err(Error::Invalid)?;
    let own = own.into_iter().map(|draft| DraftRule { draft, fallback: false });
    let fallback = fallback.into_iter().map(|it| DraftRule { draft: it.draft, fallback: true });
    Ok(own.chain(fallback).collect())
}

/// The hours of every calendar that the policies name.
async fn hours(
    tx: &mut PgConnection,
    policies: &[DraftRule],
    drafts: Vec<DraftCalendar>,
) -> Result<Vec<DraftCalendar>, Error> {
    let mut known: BTreeMap<CalendarId, CalendarSpec> = BTreeMap::new();
    for draft in drafts {
        known.insert(draft.calendar_id, draft.spec);
    }
    let mut faults = Faults::new();
    for (index, rule) in policies.iter().enumerate() {
        let id = rule.draft.calendar_id;
        if known.contains_key(&id) {
            continue;
        }
        match calendars::service::read(tx, id).await {
            Ok(stored) => {
                known.insert(id, stored.spec());
            }
            Err(calendars::Error::NotFound) => faults.add(
                format!("policies.{index}.calendarId"),
                "There is no such calendar, neither stored nor among the drafts",
            ),
            Err(error) => return Err(error.into()),
        }
    }
    faults.check(()).map_err(Error::Invalid)?;
    let named = known.into_iter().map(|(calendar_id, spec)| DraftCalendar { calendar_id, spec });
    Ok(named.collect())
}

/// Counts the next tickets.
pub(super) async fn batch(tx: &mut PgConnection, run: &mut Run) -> Result<bool, Error> {
    let simulation: Simulation = serde_json::from_value(run.request.clone())?;
    let desk = Desk::of(&simulation).map_err(calendars::Error::Unreadable)?;
    let mut result: Simulated = match run.done {
        0 => Simulated::default(),
        _ => serde_json::from_value(run.result.clone())?,
    };
    let period = (simulation.from, simulation.to);
    let range = (run.position, TicketId(simulation.last));
    let tickets = repo::past(tx, period, range, BATCH).await?;
    let ids: Vec<i64> = tickets.iter().map(|ticket| ticket.id.0).collect();
    let mut timelines: HashMap<TicketId, Vec<Entry>> = HashMap::new();
    for (ticket, entry) in repo::timelines(tx, &ids).await? {
        timelines.entry(ticket).or_default().push(entry);
    }
    for ticket in &tickets {
        run.position = ticket.id;
        run.done += 1;
        let timeline = timelines.remove(&ticket.id).unwrap_or_default();
        let kind = (ticket.category, ticket.priority);
        let then = desk.violations(&timeline, kind, simulation.as_of);
        match then.filter(|_| ticket.measured) {
            Some(then) => count(&mut result, ticket, then),
            None => result.unmeasured += 1,
        }
    }
    run.result = serde_json::to_value(result)?;
    Ok(!tickets.is_empty())
}

fn count(result: &mut Simulated, ticket: &repo::Past, then: Vec<ViolationType>) {
    let mut now = ticket.violations.clone();
    now.sort_unstable();
    result.now.add(&now);
    result.then.add(&then);
    let (was, would) = (violates(&now), violates(&then));
    if was == would {
        return;
    }
    if would {
        result.became_violating += 1;
    } else {
        result.became_compliant += 1;
    }
    if result.changed.len() < LISTED_AT_MOST {
        let (ticket_id, ticket_number) = (ticket.id, ticket.ticket_number.clone());
        result.changed.push(ChangedSides { ticket_id, ticket_number, now, then });
    }
}
