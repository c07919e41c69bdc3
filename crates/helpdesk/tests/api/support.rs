//! What several modules need.

use kamhub_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

/// The body of a ticket that has nothing wrong.
pub fn ticket_body() -> Value {
    json!({
        "subject": "Payment failed",
        "description": "My card was charged twice for booking 4711.",
        "customerId": 42,
        "customerName": "Ирина Соколова",
        "customerEmail": "irina@example.com",
        "category": "billing",
        "priority": "high",
    })
}

/// The same with some fields changed.
pub fn ticket_with(changes: Value) -> Value {
    let mut body = ticket_body();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Creates a ticket and gives it as it was answered.
pub async fn create(client: &Client, changes: Value) -> Value {
    client.post("/api/support/tickets", ticket_with(changes)).await.data(201).clone()
}

/// Where a ticket is found.
pub fn path(ticket: &Value) -> String {
    format!("/api/support/tickets/{}", ticket["id"].as_str().unwrap())
}

/// Takes a ticket into a state over a way that the state machine knows.
pub async fn bring_to(app: &TestApp, ticket: &Value, status: &str) -> Value {
    let way: &[&str] = match status {
        "open" => &[],
        "in_progress" => &["in_progress"],
        "waiting_customer" => &["in_progress", "waiting_customer"],
        "on_hold" => &["on_hold"],
        "resolved" => &["in_progress", "resolved"],
        "closed" => &["closed"],
        "reopened" => &["closed", "reopened"],
        other => panic!("no way to {other}"),
    };
    let mut now = ticket.clone();
    for step in way {
        now = patch(app, ticket, json!({"status": step})).await.data(200).clone();
    }
    now
}

/// Updates a ticket as an administrator.
pub async fn patch(app: &TestApp, ticket: &Value, changes: Value) -> Reply {
    app.admin.patch(&path(ticket), changes).await
}

/// Creates an agent who is online and does everything, with the given changes.
pub async fn agent(app: &TestApp, name: &str, changes: Value) -> Value {
    let mut body = json!({
        "email": format!("{}@agents.example.com", name.to_lowercase().replace(' ', ".")),
        "name": name,
        "specialization": ["billing", "technical", "booking", "cancellation", "refund",
            "feedback", "bug_report", "feature_request", "other"],
        "status": "online",
    });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    app.admin.post("/api/support/agents", body).await.data(201).clone()
}

/// How many open tickets the ledger counts for an agent.
pub async fn load(app: &TestApp, agent: &Value) -> i64 {
    let path = format!("/api/support/agents/{}", agent["id"].as_str().unwrap());
    app.admin.get(&path).await.data(200)["currentTickets"].as_i64().unwrap()
}
