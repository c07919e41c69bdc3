//! Use cases of webhooks.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kamhub_jobs::dead;
use kamhub_kernel::page::{COUNT_CAP, Page, encode_cursor};
use kamhub_kernel::{Actor, Clock, Faults, clock::random_token};
use kamhub_outbound::{Client, Fault};
use kamhub_postgres::{DbResult, PgConnection};

use super::error::Error;
use super::model::{
    ENDPOINTS_AT_MOST, Endpoint, Profile, ROTATION, ReplayStatus, Secret, TEST, WebhookDelivery,
};
use super::repo;
use crate::events::Event;
use crate::ids::{DeliveryId, TicketId, WebhookId};
use crate::notifications::bus::model::Placed;
use crate::notifications::bus::payloads::WebhookTried;
use crate::notifications::deliveries;
use crate::notifications::model::{DeliveryChannel, DeliveryStatus, NewDelivery};

/// How long the name of a new address may take to be resolved.
const RESOLVE_AT_MOST: Duration = Duration::from_secs(5);
/// The most deliveries that one call replays.
pub const REPLAYED_AT_ONCE: i64 = 500;

/// Looks whether an address may be called, and answers it as it is kept. It asks the network for the name, so it comes
/// before any transaction. Each delivery looks again.
///
/// # Errors
/// A sentence about the address.
pub async fn reachable(client: &Client, url: &str) -> Result<String, String> {
    let policy = client.policy();
    let target = policy.check(url.trim()).map_err(|refusal| format!("Url {refusal}"))?;
    match tokio::time::timeout(RESOLVE_AT_MOST, policy.resolve(&target)).await {
        Ok(Ok(_)) => Ok(target.as_str().to_owned()),
        Ok(Err(Fault::Refused(refusal))) => Err(format!("Url {refusal}")),
        _ => Err("Url names a host that cannot be resolved now; check the name".to_owned()),
    }
}

/// Makes an endpoint, and answers the secret that signs what it gets.
///
/// # Errors
/// [`Error::TooMany`]; a database fault.
pub async fn create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    profile: &Profile,
) -> Result<(Endpoint, Secret), Error> {
    if repo::count_locked(tx).await? >= ENDPOINTS_AT_MOST {
        return Err(Error::TooMany);
    }
    let secret = Secret::new(clock);
    let id = repo::insert(tx, profile, &secret, clock.now()).await?;
    audit(actor, "webhook_create", id);
    Ok((read(tx, id).await?, secret))
}

/// One endpoint.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn read(connection: &mut PgConnection, id: WebhookId) -> Result<Endpoint, Error> {
    let found = repo::endpoints(connection, Some(id), false).await?.pop();
    found.ok_or(Error::NotFound("The webhook"))
}

/// Every endpoint; there are at most [`ENDPOINTS_AT_MOST`].
///
/// # Errors
/// A database fault.
pub async fn list(connection: &mut PgConnection) -> Result<Page<Endpoint>, Error> {
    let items = repo::endpoints(connection, None, false).await?;
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    Ok(Page { items, total, total_capped: false, next_cursor: None })
}

/// Changes an endpoint. `change` is given what is set and answers what shall be.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn update(
    tx: &mut PgConnection,
    actor: &Actor,
    id: WebhookId,
    change: impl FnOnce(Profile) -> Profile,
) -> Result<Endpoint, Error> {
    let before = read(tx, id).await?;
    let profile = change(Profile {
        url: before.url,
        description: before.description,
        events: before.events,
        active: before.active,
    });
    repo::update(tx, id, &profile).await?;
    audit(actor, "webhook_update", id);
    read(tx, id).await
}

/// Deletes an endpoint; what was planned for it is given up when its turn comes.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn delete(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: WebhookId,
) -> Result<(), Error> {
    if !repo::delete(tx, id, clock.now()).await? {
        return Err(Error::NotFound("The webhook"));
    }
    audit(actor, "webhook_delete", id);
    Ok(())
}

/// Lets a new secret sign; the one before signs as well for 24 hours.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn rotate(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: WebhookId,
) -> Result<(Endpoint, Secret), Error> {
    let secret = Secret::new(clock);
    if !repo::rotate(tx, id, &secret, clock.now() + ROTATION).await? {
        return Err(Error::NotFound("The webhook"));
    }
    audit(actor, "webhook_rotate_secret", id);
    Ok((read(tx, id).await?, secret))
}

/// Plans deliveries of events to the endpoints that want them.
///
/// # Errors
/// A database fault.
pub async fn plan(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    source: &str,
    events: &[Placed],
) -> Result<usize, Error> {
    let endpoints = repo::endpoints(tx, None, true).await?;
    let mut planned = Vec::new();
    for placed in events {
        let Event { kind, occurred_at, .. } = &placed.event;
        let wanting = endpoints.iter().filter(|endpoint| endpoint.wants(kind, *occurred_at));
        planned.extend(wanting.map(|endpoint| delivery_of(endpoint.id, placed, source)));
    }
    Ok(deliveries::plan(tx, clock, &planned).await?.len())
}

fn delivery_of(endpoint: WebhookId, placed: &Placed, source: &str) -> NewDelivery {
    let event = &placed.event;
    NewDelivery {
        event_id: Some(event.id),
        ticket_id: ticket_of(&event.subject),
        channel: DeliveryChannel::Webhook,
        destination: endpoint.to_string(),
        sequence: Some(event.subject.clone()),
        kind: event.kind.clone(),
        payload: serde_json::to_value(placed.envelope(source)).unwrap_or_default(),
        not_before: None,
    }
}

fn ticket_of(subject: &str) -> Option<TicketId> {
    subject.strip_prefix("tickets/")?.parse().ok()
}

/// Plans a test event for one endpoint, also for one that is switched off.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn test(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    source: &str,
    id: WebhookId,
) -> Result<DeliveryId, Error> {
    let endpoint = read(tx, id).await?;
    let said = WebhookTried { webhook_id: id, description: endpoint.description };
    let event = Event {
        id: 0,
        kind: TEST.to_owned(),
        subject: format!("webhooks/{id}"),
        occurred_at: clock.now(),
        data: serde_json::to_value(said).unwrap_or_default(),
    };
    // It has no place among what happens: the first of all sequences moves no reader on.
    let mut envelope = Placed { position: 0, event }.envelope(source);
    envelope.id = format!("test-{:.16}", random_token(clock));
    let payload = serde_json::to_value(envelope).unwrap_or_default();
    planned_one(
        tx,
        clock,
        NewDelivery {
            event_id: None,
            ticket_id: None,
            channel: DeliveryChannel::Webhook,
            destination: id.to_string(),
            sequence: None,
            kind: TEST.to_owned(),
            payload,
            not_before: None,
        },
    )
    .await
}

async fn planned_one(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    new: NewDelivery,
) -> Result<DeliveryId, Error> {
    let planned = deliveries::plan(tx, clock, &[new]).await?.pop();
    planned.ok_or(Error::NotFound("The delivery"))
}

/// Deliveries of an endpoint, newest first.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn deliveries_of(
    connection: &mut PgConnection,
    id: WebhookId,
    status: Option<DeliveryStatus>,
    before: Option<i64>,
    limit: i64,
) -> Result<Page<WebhookDelivery>, Error> {
    read(connection, id).await?;
    let mut items = repo::deliveries(connection, id, status, before, limit + 1).await?;
    let more = items.len() as i64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = items.last().filter(|_| more).map(|last| encode_cursor(&last.id.0));
    let counted = repo::count_deliveries(connection, id, status, COUNT_CAP + 1).await?;
    let (total, total_capped) = (counted.min(COUNT_CAP), counted > COUNT_CAP);
    Ok(Page { items, total, total_capped, next_cursor })
}

/// Sends a past delivery again. One that was given up goes on as the same one; of one that the receiver took
/// a copy is planned, so that a receiver who has lost it does not take it for a repetition. Answers
/// the delivery that is under way now.
///
/// # Errors
/// [`Error::NotFound`], [`Error::UnderWay`]; a database fault.
pub async fn replay(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: DeliveryId,
) -> Result<DeliveryId, Error> {
    let missing = Error::NotFound("The delivery");
    let Some(past) = repo::past(tx, id).await? else { return Err(missing) };
    let endpoint: WebhookId = past.destination.parse().map_err(|_| missing)?;
    read(tx, endpoint).await?;
    audit(actor, "webhook_replay", endpoint);
    replay_past(tx, clock, past).await
}

async fn replay_past(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    past: repo::Past,
) -> Result<DeliveryId, Error> {
    if matches!(past.status, DeliveryStatus::Pending | DeliveryStatus::Retrying) {
        return Err(Error::UnderWay);
    }
    let dead_letter = past.job.filter(|_| past.status == DeliveryStatus::Failed);
    if let Some(job) = dead_letter
        && dead::replay(tx, clock, job).await?
    {
        deliveries::revive(tx, clock, &[job]).await?;
        return Ok(past.id);
    }
    let sequence = past.payload["subject"].as_str().map(str::to_owned);
    planned_one(
        tx,
        clock,
        NewDelivery {
            event_id: None,
            ticket_id: past.ticket,
            channel: DeliveryChannel::Webhook,
            destination: past.destination,
            sequence,
            kind: past.kind,
            payload: past.payload,
            not_before: None,
        },
    )
    .await
}

/// What of a range is replayed.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// How the deliveries ended.
    pub status: ReplayStatus,
    /// Planned at this time or later.
    pub from: DateTime<Utc>,
    /// Planned at this time or earlier.
    pub until: DateTime<Utc>,
    /// After this delivery, where an earlier call has replayed those before.
    pub after: Option<i64>,
}

/// Replays the deliveries of a range in their order, at most [`REPLAYED_AT_ONCE`]; answers how many, and
/// the cursor where there are more.
///
/// # Errors
/// [`Error::NotFound`]; a range that ends before it begins; a database fault.
pub async fn replay_range(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: WebhookId,
    range: Range,
) -> Result<(usize, Option<String>), Error> {
    let Range { status, from, until, after } = range;
    if from > until {
        let sentence = "From must not be later than until";
        return Err(Error::Invalid(Faults::of("from", sentence)));
    }
    read(tx, id).await?;
    let after = after.unwrap_or(0);
    let past = repo::past_between(tx, id, status, from, until, after, REPLAYED_AT_ONCE).await?;
    let full = past.len() as i64 == REPLAYED_AT_ONCE;
    let next = past.last().filter(|_| full).map(|last| encode_cursor(&last.id.0));
    let count = past.len();
    for one in past {
        replay_past(tx, clock, one).await?;
    }
    audit(actor, "webhook_replay_range", id);
    Ok((count, next))
}

/// How many endpoints the product has switched off itself.
///
/// # Errors
/// A database fault.
pub async fn disabled(connection: &mut PgConnection) -> DbResult<i64> {
    repo::disabled(connection).await
}

fn audit(actor: &Actor, what: &str, id: WebhookId) {
    tracing::info!(actor = actor.label(), what, webhook = %id, "webhooks changed");
}
