//! What the clocks do by themselves.

use std::time::Instant;

use kamhub_jobs::{Job, JobError, NewJob, Priority};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::{DbResult, PgConnection};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::policies::model::EscalationAction;
use super::service::{adopt, recompute, sweep};
use crate::app::App;
use crate::ids::{AgentId, CalendarId, CalendarVersionId, PolicyId, TicketId};
use crate::tickets;
use crate::tickets::service::backlog;
use crate::tickets::service::change::{self, Update};

/// How many batches one run works through; the next run goes on.
const BATCHES: usize = 200;
/// How many batches one run works through beside each other.
const AT_ONCE: usize = 2;

/// The product itself, when it escalates.
const ESCALATION: Actor = Actor::System { job: "escalation" };

/// Does what is due for clocks.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "sla.sweep";
    const PRIORITY: Priority = Priority::High;
}

/// Runs [`Sweep`].
///
/// # Errors
/// A fault of the database, which is tried again.
pub async fn run_sweep(app: App) -> Result<(), JobError> {
    let began = Instant::now();
    // Tasks of their own, so that each may have a processor; dropped, they end with this one.
    let mut sweeps = JoinSet::new();
    for _ in 0..AT_ONCE {
        let app = app.clone();
        sweeps.spawn(async move { sweep_all(&app).await }.in_current_span());
    }
    let mut found = 0;
    while let Some(swept) = sweeps.join_next().await {
        found += swept.map_err(JobError::retry)??;
    }
    if found > 0 {
        metrics::histogram!("kamhub_sla_sweep_seconds").record(began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Sweeps until nothing is due that nobody else holds; answers for how many tickets something was.
async fn sweep_all(app: &App) -> Result<usize, JobError> {
    let mut found = 0;
    for _ in 0..BATCHES {
        let mut tx = app.db.begin().await?;
        let batch = sweep::sweep(&mut tx, &*app.clock).await.map_err(JobError::retry)?;
        tx.commit().await?;
        metrics::counter!("kamhub_sla_swept_tickets_total")
            .increment(u64::try_from(batch.done).unwrap_or(u64::MAX));
        found += batch.found;
        if !batch.goes_on() {
            break;
        }
    }
    Ok(found)
}

/// Makes clocks for open tickets that are older than them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Adopt {}

impl Job for Adopt {
    const KIND: &'static str = "sla.adopt";
    const PRIORITY: Priority = Priority::Low;
}

/// Runs [`Adopt`].
///
/// # Errors
/// A fault of the database, which is tried again.
pub async fn run_adopt(app: App) -> Result<(), JobError> {
    let mut after = TicketId(0);
    loop {
        let mut connection = app.db.connection().await?;
        let (strangers, last) =
            adopt::strangers(&mut connection, after).await.map_err(JobError::retry)?;
        drop(connection);
        for ticket in strangers {
            let mut tx = app.db.begin().await?;
            adopt::ensure(&mut tx, &*app.clock, ticket).await.map_err(JobError::retry)?;
            tx.commit().await?;
        }
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// What an escalation does to a ticket, where it still is as it was then.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Escalate {
    /// The ticket.
    pub ticket: TicketId,
    /// What is done.
    pub action: EscalationAction,
    /// The ticket's priority when it was decided.
    pub priority: tickets::model::Priority,
    /// The ticket's agent when it was decided.
    pub agent: Option<AgentId>,
}

impl Job for Escalate {
    const KIND: &'static str = "sla.escalate";
}

/// Stores these jobs in the caller's transaction.
///
/// # Errors
/// A database fault.
pub async fn enqueue_escalations(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    jobs: &[Escalate],
) -> DbResult<()> {
    kamhub_jobs::enqueue_all(tx, clock, jobs).await
}

/// Runs [`Escalate`].
///
/// # Errors
/// A fault of the database, which is tried again.
pub async fn run_escalate(app: App, job: Escalate) -> Result<(), JobError> {
    let mut tx = app.db.begin().await?;
    let ticket = match change::lock_for_change(&mut tx, &ESCALATION, job.ticket, None).await {
        Ok(ticket) if ticket.priority == job.priority && ticket.agent_id == job.agent => ticket,
        Ok(_) | Err(tickets::Error::NotFound | tickets::Error::Merged(_)) => return Ok(()),
        Err(error) => return Err(JobError::retry(error)),
    };
    let clock = &*app.clock;
    let done = match job.action {
        EscalationAction::Notify => Ok(ticket),
        EscalationAction::Reassign => {
            backlog::assign_to_another(&mut tx, clock, &ESCALATION, ticket).await
        }
        EscalationAction::RaisePriority => {
            let all = tickets::model::Priority::ALL;
            let higher = all.iter().copied().find(|priority| *priority > ticket.priority);
            let update = Update { priority: higher, ..Update::default() };
            change::update(&mut tx, clock, &ESCALATION, ticket.id, None, update).await
        }
    };
    done.map_err(JobError::retry)?;
    tx.commit().await?;
    Ok(())
}

/// Brings running clocks under a new version of their calendar.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recount {
    calendar: CalendarId,
    version: CalendarVersionId,
}

impl Job for Recount {
    const KIND: &'static str = "sla.recount";
}

/// Stores [`Recount`] in the caller's transaction.
///
/// # Errors
/// A database fault.
pub async fn enqueue_recount(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    calendar: CalendarId,
    version: CalendarVersionId,
) -> DbResult<()> {
    kamhub_jobs::enqueue(tx, clock, NewJob::new(Recount { calendar, version })).await?;
    Ok(())
}

/// Runs [`Recount`]; a ticket that was done is not found again, so that it may be stopped anywhere.
///
/// # Errors
/// A fault of the database, which is tried again.
pub async fn run_recount(app: App, job: Recount) -> Result<(), JobError> {
    let mut after = TicketId(0);
    loop {
        let mut tx = app.db.begin().await?;
        let last = recompute::calendar(&mut tx, &*app.clock, job.calendar, job.version, after)
            .await
            .map_err(JobError::retry)?;
        tx.commit().await?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// Ends the clocks of a policy that was deactivated.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndPolicy {
    policy: PolicyId,
}

impl Job for EndPolicy {
    const KIND: &'static str = "sla.end_policy";
}

/// Stores [`EndPolicy`] in the caller's transaction.
///
/// # Errors
/// A database fault.
pub async fn enqueue_end_policy(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    policy: PolicyId,
) -> DbResult<()> {
    kamhub_jobs::enqueue(tx, clock, NewJob::new(EndPolicy { policy })).await?;
    Ok(())
}

/// Runs [`EndPolicy`].
///
/// # Errors
/// A fault of the database, which is tried again.
pub async fn run_end_policy(app: App, job: EndPolicy) -> Result<(), JobError> {
    let mut after = TicketId(0);
    loop {
        let mut tx = app.db.begin().await?;
        let last = recompute::policy_deactivated(&mut tx, &*app.clock, job.policy, after)
            .await
            .map_err(JobError::retry)?;
        tx.commit().await?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}
