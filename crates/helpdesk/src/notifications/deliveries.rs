//! Deliveries: planned in the transaction of their cause, carried by jobs, at least once and with a
//! stable id. A channel's sender is registered with [`carry`].

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kamhub_jobs::{
    Backoff, Context, Fate, Job, JobError, NewJob, QueueError, Registry, dead, enqueue,
};
use kamhub_kernel::Clock;
use kamhub_postgres::{DbResult, PgConnection};
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::failures;
use super::model::{Delivery, DeliveryChannel, DeliveryStatus, Ended, NewDelivery, Outcome};
use super::repo::deliveries as repo;
use crate::app::App;
use crate::ids::DeliveryId;

/// The waits between attempts: with 25 attempts about three days.
const FIRST_WAIT: Duration = Backoff::DEFAULT.first;
/// An attempt that takes longer counts as failed; senders end well before.
const ATTEMPT_AT_MOST: Duration = Duration::from_secs(150);

/// What the job of one channel carries.
pub trait Carrier: Job {
    /// The channel.
    const CHANNEL: DeliveryChannel;
    /// The job that carries a delivery.
    fn of(delivery: DeliveryId) -> Self;
    /// The delivery that it carries.
    fn delivery(&self) -> DeliveryId;
}

macro_rules! carriers {
    ($($(#[$doc:meta])* $name:ident = $channel:ident, $kind:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Serialize, Deserialize)]
            pub struct $name {
                /// The delivery.
                pub delivery_id: DeliveryId,
            }

            impl Job for $name {
                const KIND: &'static str = $kind;
                const TIMEOUT: Duration = ATTEMPT_AT_MOST;
            }

            impl Carrier for $name {
                const CHANNEL: DeliveryChannel = DeliveryChannel::$channel;
                fn of(delivery_id: DeliveryId) -> Self {
                    Self { delivery_id }
                }
                fn delivery(&self) -> DeliveryId {
                    self.delivery_id
                }
            }
        )+

        /// The kinds of jobs that carry deliveries.
        pub const KINDS: &[&str] = &[$($kind),+];

        async fn launch(
            tx: &mut PgConnection,
            clock: &dyn Clock,
            channel: DeliveryChannel,
            id: DeliveryId,
            not_before: Option<DateTime<Utc>>,
        ) -> DbResult<()> {
            let at = not_before.unwrap_or_else(|| clock.now());
            let job = match channel {
                $(DeliveryChannel::$channel => {
                    enqueue(tx, clock, NewJob::new($name::of(id)).run_at(at)).await?
                })+
            };
            repo::set_job(tx, id, job).await
        }
    };
}

carriers! {
    /// Sends one e-mail.
    SendEmail = Email, "notifications.send_email";
    /// Posts one message to Slack.
    SendSlack = Slack, "notifications.send_slack";
    /// Enters one notification into a person's inbox.
    EnterInbox = Dashboard, "notifications.enter_inbox";
    /// Calls one webhook.
    SendWebhook = Webhook, "notifications.send_webhook";
}

/// Plans deliveries in the caller's transaction; answers the ids of the new ones, without those that
/// were planned before for the same event and destination. Call [`kamhub_jobs::Queue::wake`] after
/// the commit.
///
/// Those of one sequence keep their order where the transactions that plan them do not run at the
/// same time (the reader of the outbox is one at a time).
///
/// # Errors
/// A database fault.
pub async fn plan(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    planned: &[NewDelivery],
) -> Result<Vec<DeliveryId>, Error> {
    let now = clock.now();
    let mut ids = Vec::with_capacity(planned.len());
    for new in planned {
        let (channel, to) = (new.channel, &new.destination);
        let behind = match &new.sequence {
            Some(sequence) => repo::lock_last_of_sequence(tx, channel, to, sequence).await?,
            None => false,
        };
        let Some(id) = repo::insert(tx, now, new).await? else { continue };
        if !behind {
            launch(tx, clock, channel, id, new.not_before).await?;
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Registers a channel's sender, which calls the network outside any transaction and answers what
/// became of it. It must end within two minutes.
///
/// # Errors
/// A second sender for the same channel.
pub fn carry<C, F, R>(registry: &mut Registry, app: &App, sender: F) -> Result<(), QueueError>
where
    C: Carrier,
    F: Fn(App, Delivery) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    let app = app.clone();
    let longest = app.settings.outlets.retry_longest;
    let backoff = Backoff { first: FIRST_WAIT.min(longest), longest };
    registry.handle_with::<C, _, _>(backoff, move |context, job| {
        let (app, sender) = (app.clone(), sender.clone());
        async move { attempt(&app, &context, job.delivery(), sender).await }
    })?;
    Ok(())
}

async fn attempt<F, R>(
    app: &App,
    context: &Context,
    id: DeliveryId,
    sender: F,
) -> Result<(), JobError>
where
    F: Fn(App, Delivery) -> R,
    R: Future<Output = Outcome>,
{
    let mut connection = app.db.connection().await?;
    let delivery = repo::find(&mut connection, id).await?;
    drop(connection);
    let Some(delivery) = delivery else { return Ok(()) };
    if delivery.status == DeliveryStatus::Sent {
        return Ok(());
    }
    let channel = delivery.channel;
    let outcome = sender(app.clone(), delivery).await;
    let mut tx = app.db.begin().await?;
    let status = settle(&mut tx, app, context, id, outcome).await?;
    tx.commit().await?;
    app.queue.wake();
    let word = status.map_or("later", DeliveryStatus::as_str);
    metrics::counter!("kamhub_deliveries_attempts_total",
        "channel" => channel.as_str(), "outcome" => word)
    .increment(1);
    Ok(())
}

/// Writes the end of an attempt down with the end of its job, and lets the next of the sequence go.
async fn settle(
    tx: &mut PgConnection,
    app: &App,
    context: &Context,
    id: DeliveryId,
    outcome: Outcome,
) -> Result<Option<DeliveryStatus>, Error> {
    let lease = context.lease();
    let attempts = lease.attempt();
    let (failure, error) = match outcome {
        Outcome::Sent => {
            lease.finish_in(tx).await?;
            let status = DeliveryStatus::Sent;
            let ended = Ended { status, attempts, error: None, next_attempt_at: None };
            end(tx, app, id, &ended).await?;
            return Ok(Some(status));
        }
        Outcome::Later { until } => {
            lease.postpone_in(tx, until).await?;
            return Ok(None);
        }
        Outcome::Retry { why, after: Some(after) } => (JobError::retry_after(&why, after), why),
        Outcome::Retry { why, after: None } => (JobError::retry(&why), why),
        Outcome::Permanent { why } => (JobError::permanent(&why), why),
    };
    let (status, next_attempt_at) = match lease.fail_in(tx, failure).await? {
        Fate::Waits(at) => (DeliveryStatus::Retrying, Some(at)),
        Fate::Dead => (DeliveryStatus::Failed, None),
    };
    let error = Some(error.replace('\0', ""));
    end(tx, app, id, &Ended { status, attempts, error, next_attempt_at }).await?;
    Ok(Some(status))
}

/// Where it is given up, administrators are told by another channel; where it arrives after that, the
/// ticket learns it.
///
/// The order is: end the attempt, then look for what waits behind it. A plan that locked this
/// delivery first is waited for by the first statement and seen by the second.
async fn end(tx: &mut PgConnection, app: &App, id: DeliveryId, ended: &Ended) -> Result<(), Error> {
    repo::end_attempt(tx, id, app.clock.now(), ended).await?;
    match ended.status {
        DeliveryStatus::Failed => failures::report(tx, app, id).await?,
        DeliveryStatus::Sent => failures::withdraw(tx, &*app.clock, id).await?,
        _ => {}
    }
    if matches!(ended.status, DeliveryStatus::Sent | DeliveryStatus::Failed)
        && let Some((next, channel)) = repo::next_of_sequence(tx, id).await?
    {
        launch(tx, &*app.clock, channel, next, None).await?;
    }
    Ok(())
}

/// Dead letters were replayed: their deliveries, where they carry any, are under way again.
///
/// # Errors
/// A database fault.
pub async fn revive(tx: &mut PgConnection, clock: &dyn Clock, jobs: &[i64]) -> Result<(), Error> {
    Ok(repo::revive(tx, jobs, clock.now()).await?)
}

/// Gives up deliveries whose job is a dead letter because its worker died in the last attempt, when
/// nobody was left to write it down.
///
/// # Errors
/// A database fault.
pub async fn notice_deaths(tx: &mut PgConnection, app: &App) -> Result<usize, Error> {
    let mut noticed = 0;
    for kind in KINDS {
        let filter = dead::DeadFilter { kind: Some((*kind).to_owned()), ..Default::default() };
        let letters = dead::list(tx, &filter, None, dead::PAGE_AT_MOST).await?;
        let jobs: Vec<i64> = letters.iter().map(|letter| letter.id).collect();
        for (id, attempts) in repo::unaware_of_death(tx, &jobs).await? {
            let status = DeliveryStatus::Failed;
            let error = Some("the worker died in the last attempt".to_owned());
            end(tx, app, id, &Ended { status, attempts, error, next_attempt_at: None }).await?;
            noticed += 1;
        }
    }
    Ok(noticed)
}
