//! The jobs of notifications: a sender per channel, messages that tell notices together, and the watch
//! over deliveries whose worker died.

use std::time::Duration;

use kamhub_jobs::{Job, JobError, QueueError, Registry};
use serde::{Deserialize, Serialize};

use super::channels::{dashboard, email, slack};
use super::deliveries::{self, EnterInbox, SendEmail, SendSlack, SendWebhook};
use super::notices::{self, TellTogether};
use super::webhooks::send;
use crate::app::App;

/// Registers them.
///
/// # Errors
/// Two of one name.
pub fn register(registry: &mut Registry, app: &App) -> Result<(), QueueError> {
    deliveries::carry::<SendEmail, _, _>(registry, app, email::send)?;
    deliveries::carry::<EnterInbox, _, _>(registry, app, dashboard::send)?;
    deliveries::carry::<SendWebhook, _, _>(registry, app, send::send)?;
    let client = slack::client();
    deliveries::carry::<SendSlack, _, _>(registry, app, move |app, delivery| {
        slack::send(client.clone(), app, delivery)
    })?;
    let desk = app.clone();
    registry.handle::<TellTogether, _, _>(move |context, job| {
        let app = desk.clone();
        async move { notices::tell_together(&app, &context, &job).await }
    })?;
    let desk = app.clone();
    registry.handle::<NoticeDeaths, _, _>(move |_, _| notice_deaths(desk.clone()))?;
    registry.schedule("notifications.notice_deaths", Duration::from_secs(60), NoticeDeaths {})?;
    Ok(())
}

/// Gives up deliveries whose worker died in the last attempt.
#[derive(Debug, Serialize, Deserialize)]
pub struct NoticeDeaths {}

impl Job for NoticeDeaths {
    const KIND: &'static str = "notifications.notice_deaths";
}

async fn notice_deaths(app: App) -> Result<(), JobError> {
    let mut tx = app.db.begin().await?;
    let noticed = deliveries::notice_deaths(&mut tx, &app).await?;
    tx.commit().await?;
    if noticed > 0 {
        tracing::warn!(noticed, "deliveries were given up because their workers died");
    }
    Ok(())
}
