//! The jobs of the knowledge slice.

use std::time::Duration;

use kamhub_jobs::{Job, JobError, QueueError, Registry};
use serde::{Deserialize, Serialize};

use super::service::publish;
use crate::app::App;

/// How many articles one run publishes; the next run goes on.
const MOST_AT_ONCE: usize = 500;

/// Adds what a worker does for this slice.
///
/// # Errors
/// Two handlers or schedules of one name.
pub fn register(registry: &mut Registry, app: &App) -> Result<(), QueueError> {
    let desk = app.clone();
    registry.handle::<PublishDue, _, _>(move |_, _| publish_due(desk.clone()))?;
    registry.schedule("knowledge.publish_due", Duration::from_secs(15), PublishDue {})?;
    Ok(())
}

/// Publishes articles whose time has come.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishDue {}

impl Job for PublishDue {
    const KIND: &'static str = "knowledge.publish_due";
}

async fn publish_due(app: App) -> Result<(), JobError> {
    for _ in 0..MOST_AT_ONCE {
        let mut tx = app.db.begin().await?;
        let any = publish::publish_due(&mut tx, &*app.clock).await.map_err(JobError::retry)?;
        tx.commit().await?;
        if !any {
            break;
        }
    }
    Ok(())
}
