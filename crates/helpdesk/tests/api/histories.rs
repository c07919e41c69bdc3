//! Random histories: whatever people do in whatever order, state machine, ledger and events agree.

use std::collections::BTreeMap;

use chrono::Duration;
use kamhub_testkit::{Client, TestApp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::support::{agent, ticket_with};

const STATES: [&str; 7] =
    ["open", "in_progress", "waiting_customer", "resolved", "closed", "reopened", "on_hold"];

#[derive(Debug, Clone)]
enum Action {
    Create { category: usize, priority: usize },
    Step { ticket: usize, to: usize },
    Close { ticket: usize },
    Reopen { ticket: usize },
    Prioritise { ticket: usize, priority: usize },
    AssignToBest { ticket: usize },
    AssignTo { ticket: usize, agent: usize },
    Unassign { ticket: usize },
    Delete { ticket: usize },
    Availability { agent: usize, status: usize },
    Capacity { agent: usize, most: i64 },
    Wait { minutes: i64 },
}

fn action() -> impl Strategy<Value = Action> {
    let ticket = 0..12_usize;
    prop_oneof![
        4 => (0..2_usize, 0..5_usize).prop_map(|(category, priority)| Action::Create { category, priority }),
        8 => (ticket.clone(), 0..7_usize).prop_map(|(ticket, to)| Action::Step { ticket, to }),
        2 => ticket.clone().prop_map(|ticket| Action::Close { ticket }),
        2 => ticket.clone().prop_map(|ticket| Action::Reopen { ticket }),
        1 => (ticket.clone(), 0..5_usize).prop_map(|(ticket, priority)| Action::Prioritise { ticket, priority }),
        1 => ticket.clone().prop_map(|ticket| Action::AssignToBest { ticket }),
        2 => (ticket.clone(), 0..3_usize).prop_map(|(ticket, agent)| Action::AssignTo { ticket, agent }),
        1 => ticket.clone().prop_map(|ticket| Action::Unassign { ticket }),
        1 => ticket.prop_map(|ticket| Action::Delete { ticket }),
        2 => (0..3_usize, 0..4_usize).prop_map(|(agent, status)| Action::Availability { agent, status }),
        1 => (0..3_usize, 1..4_i64).prop_map(|(agent, most)| Action::Capacity { agent, most }),
        1 => (1..200_i64).prop_map(|minutes| Action::Wait { minutes }),
    ]
}

#[test]
fn state_machine_ledger_and_events_agree_after_any_history() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config =
        Config { cases: 10, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let histories = proptest::collection::vec(action(), 20..60);
    TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    )
    .run(&histories, |history| runtime.block_on(live_through(history)))
    .unwrap();
}

async fn live_through(history: Vec<Action>) -> Result<(), TestCaseError> {
    let app = TestApp::start().await;
    app.clock.tick(Duration::microseconds(1_300));
    let mut agents = Vec::new();
    for (name, specialization) in [
        ("Anna", json!(["billing"])),
        ("Boris", json!(["booking"])),
        ("Vera", json!(["billing", "booking"])),
    ] {
        let changes = json!({"specialization": specialization, "maxConcurrentTickets": 2});
        agents.push(agent(&app, name, changes).await["id"].as_str().unwrap().to_owned());
    }
    let mut tickets = Vec::new();
    for action in history {
        act(&app, &agents, &mut tickets, action).await?;
        kamhub_helpdesk::assignment::fill(&app.app).await.unwrap();
        ledger_equals_the_open_work(&app).await?;
        nothing_waits_for_somebody_who_is_free(&app).await?;
    }
    for ticket in &tickets {
        the_timeline_tells_the_ticket(&app, ticket).await?;
    }
    Ok(())
}

async fn act(
    app: &TestApp,
    agents: &[String],
    tickets: &mut Vec<String>,
    action: Action,
) -> Result<(), TestCaseError> {
    let admin: &Client = &app.admin;
    let priorities = ["low", "medium", "high", "urgent", "critical"];
    let at = |index: usize| tickets.get(index).map(|id| format!("/api/support/tickets/{id}"));
    let reply = match action {
        Action::Create { category, priority } => {
            let category = ["billing", "booking"][category];
            let changes = json!({"category": category, "priority": priorities[priority]});
            let reply = admin.post("/api/support/tickets", ticket_with(changes)).await;
            tickets.push(reply.data(201)["id"].as_str().unwrap().to_owned());
            reply
        }
        Action::Wait { minutes } => {
            app.clock.advance(Duration::minutes(minutes));
            return Ok(());
        }
        Action::Availability { agent, status } => {
            let status = ["online", "away", "busy", "offline"][status];
            let path = format!("/api/support/agents/{}/status", agents[agent]);
            admin.put(&path, json!({"status": status})).await
        }
        Action::Capacity { agent, most } => {
            let path = format!("/api/support/agents/{}", agents[agent]);
            admin.patch(&path, json!({"maxConcurrentTickets": most})).await
        }
        Action::Step { ticket, .. }
        | Action::Close { ticket }
        | Action::Reopen { ticket }
        | Action::Prioritise { ticket, .. }
        | Action::AssignToBest { ticket }
        | Action::AssignTo { ticket, .. }
        | Action::Unassign { ticket }
        | Action::Delete { ticket } => {
            let Some(path) = at(ticket) else { return Ok(()) };
            match action {
                Action::Step { to, .. } => admin.patch(&path, json!({"status": STATES[to]})).await,
                Action::Close { .. } => admin.post(&format!("{path}/close"), json!({})).await,
                Action::Reopen { .. } => admin.post(&format!("{path}/reopen"), json!({})).await,
                Action::Prioritise { priority, .. } => {
                    admin.patch(&path, json!({"priority": priorities[priority]})).await
                }
                Action::AssignToBest { .. } => {
                    admin.post(&format!("{path}/assign"), json!({})).await
                }
                Action::AssignTo { agent, .. } => {
                    admin.patch(&path, json!({"agentId": agents[agent]})).await
                }
                Action::Unassign { .. } => admin.patch(&path, json!({"agentId": null})).await,
                _ => admin.delete(&path).await,
            }
        }
    };
    let status = reply.status.as_u16();
    prop_assert!([200, 201, 204, 404, 409].contains(&status), "{}", reply.text);
    Ok(())
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(app.database.db.pool()).await.unwrap()
}

async fn ledger_equals_the_open_work(app: &TestApp) -> Result<(), TestCaseError> {
    let wrong = count(
        app,
        "SELECT count(*) FROM agent_load WHERE open_tickets <> (SELECT count(*) FROM tickets
         WHERE tickets.agent_id = agent_load.agent_id AND deleted_at IS NULL
           AND merged_into_id IS NULL AND status IN ('open', 'in_progress', 'reopened'))",
    )
    .await;
    prop_assert_eq!(wrong, 0, "agents whose ledger differs from their open work");
    Ok(())
}

async fn nothing_waits_for_somebody_who_is_free(app: &TestApp) -> Result<(), TestCaseError> {
    let idle = count(
        app,
        "SELECT count(*) FROM tickets t
         JOIN support_agents a ON t.category = ANY (a.specialization)
         JOIN agent_load l ON l.agent_id = a.id
         WHERE t.agent_id IS NULL AND t.deleted_at IS NULL
           AND t.status IN ('open', 'in_progress', 'reopened')
           AND a.status = 'online' AND l.open_tickets < a.max_concurrent_tickets",
    )
    .await;
    prop_assert_eq!(idle, 0, "tickets wait although somebody is free");
    Ok(())
}

/// Replays the timeline from the ticket's creation: every step is one that the state machine knows,
/// and the end is what the ticket says of itself.
async fn the_timeline_tells_the_ticket(app: &TestApp, id: &str) -> Result<(), TestCaseError> {
    let rows: Vec<(String, Value)> =
        sqlx::query_as("SELECT type, data FROM ticket_events WHERE ticket_id = $1 ORDER BY id")
            .bind(id.parse::<i64>().unwrap())
            .fetch_all(app.database.db.pool())
            .await
            .unwrap();
    prop_assert_eq!(&rows[0].0, "created");
    let mut state: BTreeMap<String, Value> =
        serde_json::from_value(rows[0].1["after"].clone()).unwrap();
    let mut version = 1;
    for (kind, data) in &rows[1..] {
        let (Some(before), Some(after)) = (data["before"].as_object(), data["after"].as_object())
        else {
            continue;
        };
        version += 1;
        for (field, value) in before {
            let known = state.get(field).cloned().unwrap_or_default();
            prop_assert_eq!(&known, value, "{} of {} before {}", field, id, kind);
        }
        if let (Some(from), Some(to)) = (before.get("status"), after.get("status")) {
            let step = |word: &Value| {
                word.as_str().unwrap().parse::<kamhub_helpdesk::tickets::state::Status>().unwrap()
            };
            prop_assert!(step(from).step(step(to)).is_ok(), "{from} to {to}");
        }
        state.extend(after.clone());
    }
    if state.get("deletedAt").is_some_and(|deleted| !deleted.is_null()) {
        return Ok(());
    }
    let reply = app.admin.get(&format!("/api/support/tickets/{id}")).await;
    let ticket = reply.data(200).as_object().unwrap();
    for (field, value) in ticket {
        if ["version", "updatedAt", "assignedTo"].contains(&field.as_str()) {
            continue;
        }
        prop_assert_eq!(state.get(field).unwrap_or(&Value::Null), value, "{} of {}", field, id);
    }
    prop_assert_eq!(&ticket["version"], &json!(version));
    Ok(())
}
