//! Running everything that is due, one by one: for tests and for commands that work off the queue and end.

use kamhub_postgres::DbResult;

use crate::{
    execute::{Outcome, Stop, execute},
    schedule,
    worker::Worker,
};

/// What a drain did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Jobs done.
    pub succeeded: usize,
    /// Attempts that failed and wait for a later one.
    pub retried: usize,
    /// Jobs that became dead letters.
    pub dead: usize,
    /// `kind: error` of every attempt that failed.
    pub errors: Vec<String>,
}

impl Worker {
    /// Fires the schedules that are due, then runs due jobs one at a time, by priority and age, until none is due
    /// by the clock; jobs stored by handlers are run too. With a clock that stands still the order is always the
    /// same, and a retry is left for when the clock has moved.
    ///
    /// # Errors
    /// The database failed.
    pub async fn drain(&self) -> DbResult<DrainReport> {
        schedule::register(&self.queue, &self.registry).await?;
        schedule::fire_due(&self.queue, &self.registry).await?;
        let mut report = DrainReport::default();
        while let Some(claimed) = self.claim(1).await?.pop() {
            let kind = claimed.kind.clone();
            let stop = Stop::default();
            let (outcome, error) =
                execute(&self.queue, &self.registry, claimed, &stop, self.options.lease).await;
            match outcome {
                Outcome::Succeeded => report.succeeded += 1,
                Outcome::Dead => report.dead += 1,
                _ => report.retried += 1,
            }
            report.errors.extend(error.map(|error| format!("{kind}: {error}")));
        }
        Ok(report)
    }
}
