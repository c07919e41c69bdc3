//! Files that nobody needs are collected.

use std::time::Duration;

use kamhub_jobs::{Job, JobError, Priority, QueueError, Registry};
use serde::{Deserialize, Serialize};

use super::service;
use crate::app::App;

/// How often it is looked for files that nobody needs.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// Registers the slice's job and its schedule.
///
/// # Errors
/// A job of the same kind is there already.
pub fn register(registry: &mut Registry, app: &App) -> Result<(), QueueError> {
    let app = app.clone();
    registry.handle::<CollectFiles, _, _>(move |_, _| collect(app.clone()))?;
    registry.schedule("attachments.collect", EVERY, CollectFiles {})?;
    Ok(())
}

/// Collects uploads that nobody used, and objects that nothing refers to.
#[derive(Debug, Serialize, Deserialize)]
pub struct CollectFiles {}

impl Job for CollectFiles {
    const KIND: &'static str = "attachments.collect";
    const PRIORITY: Priority = Priority::Low;
}

/// Runs until nothing is left to collect. What is marked and could not be removed is removed by the
/// next run.
async fn collect(app: App) -> Result<(), JobError> {
    let now = app.clock.now();
    loop {
        let mut tx = app.db.begin().await?;
        let forgotten = service::forget_orphans(&mut tx, now).await?;
        tx.commit().await?;
        if forgotten == 0 {
            break;
        }
    }
    let mut connection = app.db.connection().await?;
    while service::condemn_unreferenced(&mut connection, now).await? > 0 {}
    drop(connection);
    let mut count = 0_usize;
    loop {
        let places = service::to_remove(&mut *app.db.connection().await?).await?;
        if places.is_empty() {
            break;
        }
        for place in places {
            app.store.remove(&place.key).await?;
            service::removed(&mut *app.db.connection().await?, &place).await?;
            count += 1;
        }
    }
    if count > 0 {
        tracing::info!(count, "files collected");
    }
    Ok(())
}
