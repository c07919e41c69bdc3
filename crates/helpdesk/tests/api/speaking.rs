//! Who writes in tickets, for the tests of messages.

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kamhub_kernel::Role;
use kamhub_testkit::app::PLATFORM_SECRET;
use kamhub_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::people::{tokens, user};
use crate::support::path;

/// Writes in a ticket with the administrator's key.
pub async fn post(app: &TestApp, ticket: &Value, body: Value) -> Reply {
    app.admin.post(&format!("{}/messages", path(ticket)), body).await
}

/// A service writes for somebody: `customer` or `agent`.
pub async fn say(app: &TestApp, ticket: &Value, who: &str, text: &str) -> Value {
    post(app, ticket, json!({"senderType": who, "message": text})).await.data(201).clone()
}

/// The ticket as it is now.
pub async fn now(app: &TestApp, ticket: &Value) -> Value {
    app.admin.get(&path(ticket)).await.data(200).clone()
}

/// The texts of a ticket's messages, as staff see them.
pub async fn texts(app: &TestApp, ticket: &Value) -> Vec<String> {
    seen_by(&app.admin, ticket).await
}

/// What the timeline of a ticket calls what happened, from the first message or merge on, without
/// what its clocks note.
pub async fn kinds(app: &TestApp, ticket: &Value) -> Vec<String> {
    let reply = app.admin.get(&format!("{}/events?limit=100", path(ticket))).await;
    let rows = reply.data(200).as_array().unwrap().clone();
    let kinds = rows.iter().map(|row| row["type"].as_str().unwrap().to_owned());
    let clocks = |kind: &String| kind.starts_with("sla_");
    kinds.filter(|kind| kind != "created" && kind != "waiting" && !clocks(kind)).collect()
}

/// How often an event of this type was told to the rest of the platform.
pub async fn told(app: &TestApp, kind: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM event_outbox WHERE type = $1")
        .bind(kind)
        .fetch_one(app.database.db.pool())
        .await
        .unwrap()
}

/// The customer of a ticket, with a token that the platform minted.
pub fn customer(app: &TestApp, ticket: &Value) -> Client {
    let claims = json!({
        "iss": "kamhub-platform", "aud": "kamhub-support", "sub": ticket["customerId"],
        "exp": (clock(app) + Duration::hours(1)).timestamp(),
        "name": ticket["customerName"], "email": ticket["customerEmail"],
    });
    let key = EncodingKey::from_secret(PLATFORM_SECRET);
    app.anonymous.bearer(&encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap())
}

/// A person of the desk, signed in.
pub async fn person(app: &TestApp) -> Client {
    user(app, "anna@kamhub.example", Role::Agent).await;
    app.anonymous.bearer(&tokens(app, "anna@kamhub.example").await.0)
}

/// The messages of a ticket, as a page of 100.
pub fn messages(ticket: &Value) -> String {
    format!("{}/messages?limit=100", path(ticket))
}

/// Where a message is rated.
pub fn rating(message: &Value) -> String {
    format!("/api/support/messages/{}/rating", message["id"].as_str().unwrap())
}

/// What the caller reads in a ticket.
pub async fn seen_by(client: &Client, ticket: &Value) -> Vec<String> {
    let reply = client.get(&messages(ticket)).await;
    let rows = reply.data(200).as_array().unwrap().clone();
    rows.iter().map(|row| row["message"].as_str().unwrap().to_owned()).collect()
}

/// The time of the test's clock.
pub fn clock(app: &TestApp) -> DateTime<Utc> {
    app.app.clock.now()
}

/// A time as it stands in JSON.
pub fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}
