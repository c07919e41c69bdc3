//! Every job and every schedule of the product.

use std::time::Duration;

use chrono::TimeDelta;
use kamhub_jobs::{Context, Job, JobError, Priority, QueueError, Registry};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::events;

/// How long an `Idempotency-Key` is remembered.
const IDEMPOTENCY_KEYS_KEPT: TimeDelta = TimeDelta::hours(24);
/// How long events are kept for the rest of the platform.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(90);

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
    Ok(registry)
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
    if keys + events > 0 {
        tracing::info!(keys, events, "old rows forgotten");
    }
    Ok(())
}
