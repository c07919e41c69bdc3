//! Who writes in tickets, for the tests of messages.

use chrono::{DateTime, Utc};
use kamhub_helpdesk::ids::{MessageId, TicketId};
use kamhub_helpdesk::messages::model::Message;
use kamhub_helpdesk::messages::service::create::{self, Created, Request};
use kamhub_helpdesk::messages::{Error, service};
use kamhub_kernel::page::{PageRequest, Start};
use kamhub_kernel::{Actor, CustomerId, Role, SessionId, UserId};
use kamhub_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::support::path;

/// The number in an id on the wire.
pub fn number(id: &Value) -> i64 {
    id.as_str().unwrap().parse().unwrap()
}

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
    let reply = app.admin.get(&format!("{}/messages?limit=100", path(ticket))).await;
    let rows = reply.data(200).as_array().unwrap().clone();
    rows.iter().map(|row| row["message"].as_str().unwrap().to_owned()).collect()
}

/// What the timeline of a ticket calls what happened, from the first message or merge on.
pub async fn kinds(app: &TestApp, ticket: &Value) -> Vec<String> {
    let reply = app.admin.get(&format!("{}/events?limit=100", path(ticket))).await;
    let rows = reply.data(200).as_array().unwrap().clone();
    let kinds = rows.iter().map(|row| row["type"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind != "created" && kind != "waiting").collect()
}

/// How often an event of this type was told to the rest of the platform.
pub async fn told(app: &TestApp, kind: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM event_outbox WHERE type = $1")
        .bind(kind)
        .fetch_one(app.database.db.pool())
        .await
        .unwrap()
}

/// The customer of a ticket.
pub fn customer(ticket: &Value) -> Actor {
    Actor::Customer {
        id: CustomerId(number(&ticket["requesterId"])),
        name: "Ирина Соколова".to_owned(),
        email: None,
        only_ticket: None,
    }
}

/// A person of the desk.
pub fn person() -> Actor {
    Actor::User {
        id: UserId(1),
        role: Role::Agent,
        name: "Анна Лебедева".to_owned(),
        email: "anna@kamhub.example".to_owned(),
        session: SessionId(1),
    }
}

/// A request with nothing but a text.
pub fn request(text: &str) -> Request {
    Request {
        message: text.to_owned(),
        sender_type: None,
        sender_id: None,
        sender_name: None,
        attachments: Vec::new(),
        is_internal: false,
        is_automatic: false,
        created_at: None,
        last_seen: None,
    }
}

/// The actor writes in a ticket.
pub async fn write(
    app: &TestApp,
    actor: &Actor,
    ticket: &Value,
    request: Request,
) -> Result<Created, Error> {
    let id = TicketId(number(&ticket["id"]));
    let mut tx = app.app.db.begin().await.unwrap();
    let created = create::create(&mut tx, &*app.clock, actor, id, request, 5).await?;
    tx.commit().await.unwrap();
    Ok(created)
}

/// What the actor reads in a ticket.
pub async fn read(app: &TestApp, actor: &Actor, ticket: &Value) -> Result<Vec<Message>, Error> {
    let id = TicketId(number(&ticket["id"]));
    let page = PageRequest { start: Start::Offset(0), limit: 100, exact_total: false };
    let mut connection = app.app.db.connection().await.unwrap();
    Ok(service::list(&mut connection, actor, id, &page).await?.items)
}

/// The actor rates a message.
pub async fn rate(
    app: &TestApp,
    actor: &Actor,
    message: &Value,
    stars: i16,
) -> Result<Message, Error> {
    let id = MessageId(number(&message["id"]));
    let mut tx = app.app.db.begin().await.unwrap();
    let rated = service::rate::rate(&mut tx, &*app.clock, actor, id, stars, None).await?;
    tx.commit().await.unwrap();
    Ok(rated)
}

/// The time of the test's clock.
pub fn clock(app: &TestApp) -> DateTime<Utc> {
    app.app.clock.now()
}

/// A time as it stands in JSON.
pub fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}
