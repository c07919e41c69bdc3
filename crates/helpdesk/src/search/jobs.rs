//! The jobs of search.

use std::time::Duration;

use kamhub_jobs::{Job, JobError, Priority, QueueError, Registry};
use serde::{Deserialize, Serialize};

use super::model::DocumentKind;
use super::service::learn;
use crate::app::App;

/// How many batches of one kind a run reads; the next run goes on.
const MOST_BATCHES: usize = 20;

/// Reads new tickets and messages for search: their identifiers, and how common their words are.
#[derive(Debug, Serialize, Deserialize)]
pub struct LearnTexts {}

impl Job for LearnTexts {
    const KIND: &'static str = "search.learn_texts";
    const PRIORITY: Priority = Priority::Low;
}

/// Adds the handlers and schedules of search.
///
/// # Errors
/// Two of one name.
pub fn register(registry: &mut Registry, app: &App) -> Result<(), QueueError> {
    let app = app.clone();
    registry.handle::<LearnTexts, _, _>(move |_, _| run(app.clone()))?;
    registry.schedule("search.learn_texts", Duration::from_secs(5), LearnTexts {})?;
    Ok(())
}

async fn run(app: App) -> Result<(), JobError> {
    for kind in [DocumentKind::Ticket, DocumentKind::Message] {
        for _ in 0..MOST_BATCHES {
            let mut tx = app.db.begin().await?;
            let more = learn::learn(&mut tx, &*app.clock, kind).await.map_err(JobError::retry)?;
            tx.commit().await?;
            if !more {
                break;
            }
        }
    }
    Ok(())
}
