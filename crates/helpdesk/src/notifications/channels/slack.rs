//! Slack's incoming webhook: at most one message per second, and pauses where it asks for them.

use std::time::Duration;

use chrono::TimeDelta;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use kamhub_outbound::{Client, Policy};
use kamhub_postgres::DbResult;
use serde_json::json;

use super::super::model::{Content, Delivery, DeliveryChannel, Outcome};
use super::super::repo::receipts as repo;
use super::words::{Words, words};
use crate::app::App;

/// Slack takes one message per second and hook.
const BETWEEN: TimeDelta = TimeDelta::seconds(1);
/// How long Slack may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How we call ourselves.
const AGENT: &str = concat!("KamHub-Support/", env!("CARGO_PKG_VERSION"));
/// The longest pause that Slack may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// The most of an answer that is kept, in characters.
const ANSWER_AT_MOST: usize = 200;

/// The client for Slack. The operator chose the address, so it may lie in their own network.
pub fn client() -> Client {
    Client::new(Policy { allow_http: true, allow_private: true }, AGENT)
}

/// Posts a delivery.
pub async fn send(client: Client, app: App, delivery: Delivery) -> Outcome {
    let Some(hook) = &app.settings.outlets.slack_webhook else {
        return Outcome::retry("slack_webhook_url is not configured in this worker");
    };
    let content: Content = match serde_json::from_value(delivery.payload) {
        Ok(content) => content,
        Err(error) => return Outcome::permanent(format!("the payload cannot be read: {error}")),
    };
    let target = match client.policy().check(hook) {
        Ok(target) => target,
        Err(refusal) => return Outcome::retry(format!("slack_webhook_url {refusal}")),
    };
    match turn(&app, &delivery.destination).await {
        Ok(None) => {}
        Ok(Some(until)) => return Outcome::Later { until },
        Err(error) => return Outcome::retry(error),
    }
    let text = text(&words(&app.settings.outlets, &content));
    let body = json!({"text": text}).to_string();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let reply = match client.post(&target, headers, body.into(), PATIENCE).await {
        Ok(reply) => reply,
        Err(fault) => return Outcome::retry(fault),
    };
    let answer: String =
        String::from_utf8_lossy(&reply.body).chars().take(ANSWER_AT_MOST).collect();
    let why = format!("Slack answered {}: {answer}", reply.status);
    match reply.status {
        200..300 => Outcome::Sent,
        429 => {
            let after = reply.retry_after(app.clock.now()).unwrap_or(Duration::from_secs(30));
            let after = after.min(LONGEST_PAUSE);
            if let Err(error) = pause(&app, &delivery.destination, after).await {
                tracing::warn!(%error, "a pause that Slack asked for was not written down");
            }
            Outcome::Retry { why, after: Some(after) }
        }
        408 | 500.. => Outcome::Retry { why, after: reply.retry_after(app.clock.now()) },
        _ => Outcome::permanent(why),
    }
}

/// Takes the next turn, or says when to come back for one.
async fn turn(app: &App, hook: &str) -> DbResult<Option<chrono::DateTime<chrono::Utc>>> {
    let mut connection = app.db.connection().await?;
    let now = app.clock.now();
    if repo::take_turn(&mut connection, DeliveryChannel::Slack, hook, now, now + BETWEEN).await? {
        return Ok(None);
    }
    let next = repo::next_turn(&mut connection, DeliveryChannel::Slack, hook).await?;
    Ok(Some(next.unwrap_or(now + BETWEEN)))
}

async fn pause(app: &App, hook: &str, after: Duration) -> DbResult<()> {
    let mut connection = app.db.connection().await?;
    repo::pause(&mut connection, DeliveryChannel::Slack, hook, app.clock.now() + after).await
}

/// The message in Slack's notation, in which three characters are special.
fn text(words: &Words) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut text = format!("*{}*", escape(&words.subject));
    for line in &words.lines {
        text.push_str("\n• ");
        text.push_str(&escape(line));
    }
    if let Some(more) = &words.more {
        text.push('\n');
        text.push_str(&escape(more));
    }
    text
}
