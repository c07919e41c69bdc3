//! Use cases of the runs.

pub mod reevaluation;
pub mod simulation;

use chrono::{DateTime, Utc};
use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;

use super::model::{Run, RunKind, RunState};
use super::{Error, repo};
use crate::ids::RunId;

/// A run with what it has found until now.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn read(connection: &mut PgConnection, id: RunId) -> Result<Run, Error> {
    repo::run(connection, id, false).await?.ok_or(Error::NotFound)
}

/// Works on the next batch of a run; answers whether there is more to do.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn go_on(tx: &mut PgConnection, clock: &dyn Clock, id: RunId) -> Result<bool, Error> {
    let mut run = repo::run(tx, id, true).await?.ok_or(Error::NotFound)?;
    if matches!(run.state, RunState::Done | RunState::Failed) {
        return Ok(false);
    }
    let more = match run.kind {
        RunKind::ReEvaluation => reevaluation::batch(tx, clock, &mut run).await?,
        RunKind::Simulation => simulation::batch(tx, &mut run).await?,
    };
    let now = clock.now();
    run.state = if more { RunState::Running } else { RunState::Done };
    run.finished_at = (!more).then_some(now);
    repo::update(tx, &run, now).await?;
    Ok(more)
}

/// Gives a run up; one that has ended stays as it is.
///
/// # Errors
/// A database fault.
pub async fn give_up(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    id: RunId,
    failure: &str,
) -> Result<(), Error> {
    let Some(mut run) = repo::run(tx, id, true).await? else { return Ok(()) };
    if !matches!(run.state, RunState::Done | RunState::Failed) {
        run.state = RunState::Failed;
        run.failure = Some(failure.to_owned());
        let now = clock.now();
        run.finished_at = Some(now);
        repo::update(tx, &run, now).await?;
    }
    Ok(())
}

/// Forgets runs from before `until`; answers how many.
///
/// # Errors
/// A database fault.
pub async fn forget_before(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> Result<u64, Error> {
    Ok(repo::forget_before(connection, until).await?)
}
