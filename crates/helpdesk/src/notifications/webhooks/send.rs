//! Sending: one attempt to post an event to an endpoint, and what it says about the endpoint.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use kamhub_outbound::{Fault, Reply};
use kamhub_postgres::{DbResult, PgConnection};
use serde_json::json;

use super::model::{DisabledReason, Endpoint, FAILING_AT_MOST, TEST, signatures};
use super::repo;
use crate::app::App;
use crate::events::{self, EventType};
use crate::ids::WebhookId;
use crate::notifications::bus::model::MEDIA_TYPE;
use crate::notifications::model::{Delivery, Outcome};

/// How long an endpoint may take to answer (Standard Webhooks recommends 15 to 30 seconds).
const PATIENCE: Duration = Duration::from_secs(15);
/// The most characters of an answer that are kept.
const KEPT: usize = 1000;

/// One attempt. Every fault of ours is worth another one.
pub async fn send(app: App, delivery: Delivery) -> Outcome {
    let test = delivery.kind == TEST;
    match attempt(&app, &delivery, test).await {
        // A test answers a question of now: its failure is told, and not tried again.
        Ok(Outcome::Retry { why, .. }) if test => Outcome::Permanent { why },
        Ok(outcome) => outcome,
        Err(error) => Outcome::retry(error),
    }
}

async fn attempt(app: &App, delivery: &Delivery, test: bool) -> DbResult<Outcome> {
    let Ok(id) = delivery.destination.parse::<WebhookId>() else {
        return Ok(Outcome::permanent("the destination is no webhook"));
    };
    let now = app.clock.now();
    let mut connection = app.db.connection().await?;
    let endpoint = repo::endpoints(&mut connection, Some(id), false).await?.pop();
    let secrets = repo::secrets(&mut connection, id, now).await?;
    drop(connection);
    let Some(endpoint) = endpoint else {
        return Ok(Outcome::permanent("the webhook was deleted"));
    };
    if !endpoint.active && !test {
        return Ok(Outcome::permanent("the webhook is switched off"));
    }
    let body = serde_json::to_vec(&delivery.payload).unwrap_or_default();
    let signed = signatures(&secrets, &delivery.stable_id, now.timestamp(), &body);
    let head = [
        ("webhook-id", delivery.stable_id.as_str()),
        ("webhook-timestamp", &now.timestamp().to_string()),
        ("webhook-signature", &signed),
    ];
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    for (name, value) in head {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let answer = match app.outbound.policy().check(&endpoint.url) {
        Ok(target) => app.outbound.post(&target, headers, Bytes::from(body), PATIENCE).await,
        Err(refusal) => Err(Fault::Refused(refusal)),
    };
    count(&answer);
    conclude(app, delivery, &endpoint, answer, test).await
}

fn count(answer: &Result<Reply, Fault>) {
    let outcome = match answer {
        Ok(reply) => format!("{}xx", reply.status / 100),
        Err(Fault::Refused(_)) => "refused".to_owned(),
        Err(_) => "no_answer".to_owned(),
    };
    metrics::counter!("kamhub_webhook_attempts_total", "outcome" => outcome).increment(1);
}

/// What an answer means for the delivery, and for the endpoint (Standard Webhooks: 2xx is taken, 410 ends it,
/// everything else is tried again).
async fn conclude(
    app: &App,
    delivery: &Delivery,
    endpoint: &Endpoint,
    answer: Result<Reply, Fault>,
    test: bool,
) -> DbResult<Outcome> {
    let now = app.clock.now();
    let id = endpoint.id;
    let mut tx = app.db.begin().await?;
    if let Ok(reply) = &answer {
        let status = i16::try_from(reply.status).unwrap_or(i16::MAX);
        repo::keep_answer(&mut tx, delivery.id, status, &readable(&reply.body), now).await?;
    }
    let outcome = match answer {
        Ok(reply) if (200..300).contains(&reply.status) => Outcome::Sent,
        Ok(reply) if reply.status == 410 => {
            Outcome::permanent("answered 410: the receiver wants nothing any more")
        }
        Ok(reply) => {
            let why = format!("answered {}", reply.status);
            Outcome::Retry { why, after: reply.retry_after(now) }
        }
        Err(fault) => Outcome::retry(fault),
    };
    if !test {
        judge(&mut tx, endpoint, &outcome, now).await?;
    }
    tx.commit().await?;
    if matches!(outcome, Outcome::Permanent { .. }) {
        tracing::warn!(webhook = %id, "a receiver is gone; its webhook is switched off");
    }
    Ok(outcome)
}

/// What an outcome means for the endpoint: one that is gone, or that has failed for days, is switched off.
async fn judge(
    tx: &mut PgConnection,
    endpoint: &Endpoint,
    outcome: &Outcome,
    now: chrono::DateTime<chrono::Utc>,
) -> DbResult<()> {
    let id = endpoint.id;
    let (reason, since) = match outcome {
        Outcome::Sent => return repo::succeeded(tx, id, now).await,
        Outcome::Permanent { .. } => (DisabledReason::Gone, None),
        Outcome::Retry { .. } | Outcome::Later { .. } => {
            repo::failed(tx, id, now).await?;
            (DisabledReason::Failing, Some(now - FAILING_AT_MOST))
        }
    };
    if !repo::disable(tx, id, reason, since, now).await? {
        return Ok(());
    }
    let data = json!({
        "webhookId": id, "description": endpoint.description, "reason": reason,
        "failingSince": endpoint.failing_since, "disabledAt": now,
    });
    let subject = format!("webhooks/{id}");
    events::publish(tx, now, EventType::WebhookEndpointDisabled, &subject, &data).await
}

/// The beginning of a body as text that can be stored.
fn readable(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().filter(|letter| *letter != '\0').take(KEPT).collect()
}
