//! Every job and every schedule of the product.

use std::time::Duration;

use chrono::TimeDelta;
use kamhub_jobs::{Context, Job, JobError, Priority, QueueError, Registry};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::feedback::service::requests::{self, Outcome, RequestCsat};
use crate::reports::runs;
use crate::sla::jobs as sla;
use crate::tickets::service::backlog;
use crate::{assignment, attachments, events, help_centre, identity, knowledge, notifications};

/// How long an `Idempotency-Key` is remembered.
const IDEMPOTENCY_KEYS_KEPT: TimeDelta = TimeDelta::hours(24);
/// How long events are kept for the rest of the platform, and receipts of what was sent.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(90);

/// How many tickets one run of a periodic job moves; the next run goes on.
const MOST_AT_ONCE: usize = 500;

/// The handlers and schedules that a worker runs.
///
/// # Errors
/// Two of one name.
pub fn registry(app: &App) -> Result<Registry, QueueError> {
    let mut registry = Registry::new();
    let purge = app.clone();
    registry.handle::<ForgetOldRows, _, _>(move |context, _| forget(purge.clone(), context))?;
    registry.schedule(
        "operations.forget_old_rows",
        Duration::from_secs(15 * 60),
        ForgetOldRows {},
    )?;
    let desk = app.clone();
    registry.handle::<FillAgents, _, _>(move |_, _| fill(desk.clone()))?;
    registry.schedule("tickets.fill_agents", Duration::from_secs(5), FillAgents {})?;
    let desk = app.clone();
    registry.handle::<WakeSnoozed, _, _>(move |_, _| wake(desk.clone()))?;
    registry.schedule("tickets.wake_snoozed", Duration::from_secs(15), WakeSnoozed {})?;
    let desk = app.clone();
    registry.handle::<RequeueUnattended, _, _>(move |_, _| requeue(desk.clone()))?;
    registry.schedule(
        "tickets.requeue_unattended",
        Duration::from_secs(60),
        RequeueUnattended {},
    )?;
    let desk = app.clone();
    registry.handle::<RequestCsat, _, _>(move |_, job| request_csat(desk.clone(), job))?;
    notifications::jobs::register(&mut registry, app)?;
    crate::search::jobs::register(&mut registry, app)?;
    clocks(app, &mut registry)?;
    knowledge::jobs::register(&mut registry, app)?;
    runs::jobs::register(&mut registry, app)?;
    help_centre::jobs::register(&mut registry, app)?;
    attachments::jobs::register(&mut registry, app)?;
    Ok(registry)
}

/// Asks a customer how their ticket was handled, or comes back when it is time.
async fn request_csat(app: App, job: RequestCsat) -> Result<(), JobError> {
    let Some(delay) = app.settings.csat_delay else { return Ok(()) };
    let delay = TimeDelta::from_std(delay).map_err(JobError::permanent)?;
    let mut tx = app.db.begin().await?;
    let url = &app.settings.public_url;
    let outcome = requests::ask(&mut tx, &*app.clock, &app.keys, url, delay, &job).await?;
    if let Outcome::NotBefore(time) = outcome {
        kamhub_jobs::enqueue(&mut tx, &*app.clock, job.at(time)).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn clocks(app: &App, registry: &mut Registry) -> Result<(), QueueError> {
    let desk = app.clone();
    registry.handle::<sla::Sweep, _, _>(move |_, _| sla::run_sweep(desk.clone()))?;
    registry.schedule("sla.sweep", Duration::from_secs(3), sla::Sweep {})?;
    let desk = app.clone();
    registry.handle::<sla::Adopt, _, _>(move |_, _| sla::run_adopt(desk.clone()))?;
    registry.schedule("sla.adopt", Duration::from_secs(10 * 60), sla::Adopt {})?;
    let desk = app.clone();
    registry.handle::<sla::Escalate, _, _>(move |_, job| sla::run_escalate(desk.clone(), job))?;
    let desk = app.clone();
    registry.handle::<sla::Recount, _, _>(move |_, job| sla::run_recount(desk.clone(), job))?;
    let desk = app.clone();
    registry
        .handle::<sla::EndPolicy, _, _>(move |_, job| sla::run_end_policy(desk.clone(), job))?;
    Ok(())
}

/// Gives waiting tickets to agents who have room.
#[derive(Debug, Serialize, Deserialize)]
pub struct FillAgents {}

impl Job for FillAgents {
    const KIND: &'static str = "tickets.fill_agents";
}

async fn fill(app: App) -> Result<(), JobError> {
    assignment::fill(&app).await.map_err(|problem| JobError::retry(problem.code()))?;
    Ok(())
}

/// Brings back tickets whose snooze is over.
#[derive(Debug, Serialize, Deserialize)]
pub struct WakeSnoozed {}

impl Job for WakeSnoozed {
    const KIND: &'static str = "tickets.wake_snoozed";
}

async fn wake(app: App) -> Result<(), JobError> {
    for _ in 0..MOST_AT_ONCE {
        let mut tx = app.db.begin().await?;
        let any = backlog::wake_snoozed(&mut tx, &*app.clock).await.map_err(JobError::retry)?;
        tx.commit().await?;
        if !any {
            break;
        }
    }
    Ok(())
}

/// Takes back what absent agents have not begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct RequeueUnattended {}

impl Job for RequeueUnattended {
    const KIND: &'static str = "tickets.requeue_unattended";
}

async fn requeue(app: App) -> Result<(), JobError> {
    let grace = TimeDelta::from_std(app.settings.away_grace).map_err(JobError::permanent)?;
    for _ in 0..MOST_AT_ONCE {
        let mut tx = app.db.begin().await?;
        let any = backlog::requeue_unattended(&mut tx, &*app.clock, grace)
            .await
            .map_err(JobError::retry)?;
        tx.commit().await?;
        if !any {
            break;
        }
    }
    Ok(())
}

/// Deletes what nobody may need any more: idempotency keys and events.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetOldRows {}

impl Job for ForgetOldRows {
    const KIND: &'static str = "operations.forget_old_rows";
    const PRIORITY: Priority = Priority::Low;
}

async fn forget(app: App, _: Context) -> Result<(), JobError> {
    let now = app.clock.now();
    let mut connection = app.db.connection().await?;
    let until = now - IDEMPOTENCY_KEYS_KEPT;
    let keys = kamhub_httpkit::idempotency::forget_before(&mut connection, until).await?;
    let events = events::forget_before(&mut connection, now - EVENTS_KEPT).await?;
    let sessions = identity::service::sessions_forget(&mut connection, now).await?;
    let receipts =
        notifications::service::receipts::forget_sent(&mut connection, now - EVENTS_KEPT).await?;
    // Views of yesterday may still be on their way.
    let yesterday = (now - TimeDelta::days(1)).date_naive();
    let views = knowledge::views::forget_before(&mut connection, yesterday).await?;
    let runs = runs::service::forget_before(&mut connection, now - EVENTS_KEPT).await?;
    let searches = knowledge::service::reports::forget_misses(&mut connection, now)
        .await
        .map_err(JobError::retry)?;
    if keys + events + sessions + receipts + views + runs + searches > 0 {
        tracing::info!(
            keys,
            events,
            sessions,
            receipts,
            views,
            runs,
            searches,
            "old rows forgotten"
        );
    }
    Ok(())
}
