//! The job that works on a run.

use std::time::Duration;

use kamhub_jobs::{Context, Job, JobError, NewJob, Priority, QueueError, Registry};
use kamhub_kernel::Clock;
use kamhub_postgres::{DbResult, PgConnection};
use serde::{Deserialize, Serialize};

use super::service;
use crate::app::App;
use crate::ids::RunId;

/// Works on a run until it is done.
#[derive(Debug, Serialize, Deserialize)]
pub struct GoOn {
    run: RunId,
}

impl Job for GoOn {
    const KIND: &'static str = "reports.go_on";
    const MAX_ATTEMPTS: i32 = 10;
    const TIMEOUT: Duration = Duration::from_secs(60 * 60);
    const PRIORITY: Priority = Priority::Low;
}

/// Stores [`GoOn`] in the caller's transaction.
///
/// # Errors
/// A database fault.
pub async fn enqueue(tx: &mut PgConnection, clock: &dyn Clock, run: RunId) -> DbResult<()> {
    kamhub_jobs::enqueue(tx, clock, NewJob::new(GoOn { run })).await?;
    Ok(())
}

/// Says what a worker does with [`GoOn`].
///
/// # Errors
/// Another job of this name.
pub fn register(registry: &mut Registry, app: &App) -> Result<(), QueueError> {
    let desk = app.clone();
    registry.handle::<GoOn, _, _>(move |context, job| run(desk.clone(), context, job))?;
    Ok(())
}

/// Runs [`GoOn`]. What was done stays done: another attempt goes on behind it.
///
/// # Errors
/// A fault that is tried again; after the last attempt the run is given up.
pub async fn run(app: App, context: Context, job: GoOn) -> Result<(), JobError> {
    loop {
        if context.shutdown().is_cancelled() {
            return Err(JobError::retry("the worker stops; the run goes on elsewhere"));
        }
        match go_on(&app, job.run).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                if context.is_last_attempt() {
                    let mut tx = app.db.begin().await?;
                    let failure = "Something went wrong on our side; ask for a new run";
                    service::give_up(&mut tx, &*app.clock, job.run, failure).await?;
                    tx.commit().await?;
                }
                return Err(JobError::retry(error));
            }
        }
    }
}

/// One batch in one transaction; answers whether there is more to do.
///
/// # Errors
/// As [`service::go_on`].
pub async fn go_on(app: &App, run: RunId) -> Result<bool, super::Error> {
    let mut tx = app.db.begin().await?;
    let more = service::go_on(&mut tx, &*app.clock, run).await?;
    tx.commit().await?;
    Ok(more)
}
