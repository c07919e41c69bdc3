//! Random histories: whatever people do in whatever order, state machine, ledger and events agree.

use std::collections::BTreeMap;

use chrono::Duration;
use kamhub_helpdesk::tickets::service::backlog;
use kamhub_testkit::{Client, Reply, TestApp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::support::{agent, ticket_with};

const STATES: [&str; 7] =
    ["open", "in_progress", "waiting_customer", "resolved", "closed", "reopened", "on_hold"];
const PRIORITIES: [&str; 5] = ["low", "medium", "high", "urgent", "critical"];

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
    Say { ticket: usize, by_customer: bool },
    Merge { ticket: usize, into: usize },
    Unmerge { ticket: usize },
    Split { ticket: usize },
    Snooze { ticket: usize, minutes: i64 },
    Unsnooze { ticket: usize },
    Requeue,
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
        1 => ticket.clone().prop_map(|ticket| Action::Delete { ticket }),
        4 => (ticket.clone(), any::<bool>()).prop_map(|(ticket, by_customer)| Action::Say { ticket, by_customer }),
        2 => (ticket.clone(), ticket.clone()).prop_map(|(ticket, into)| Action::Merge { ticket, into }),
        1 => ticket.clone().prop_map(|ticket| Action::Unmerge { ticket }),
        1 => ticket.clone().prop_map(|ticket| Action::Split { ticket }),
        2 => (ticket.clone(), 1..200_i64).prop_map(|(ticket, minutes)| Action::Snooze { ticket, minutes }),
        1 => ticket.prop_map(|ticket| Action::Unsnooze { ticket }),
        2 => Just(Action::Requeue),
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
        ledger_equals_the_open_work(&app).await?;
        wake(&app).await;
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
    let reply = match action {
        Action::Create { category, priority } => {
            let category = ["billing", "booking"][category];
            let changes = json!({"category": category, "priority": PRIORITIES[priority]});
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
        Action::Requeue => {
            requeue(app).await;
            return Ok(());
        }
        other => match of_ticket(app, agents, tickets, other).await {
            Some(reply) => reply,
            None => return Ok(()),
        },
    };
    let status = reply.status.as_u16();
    prop_assert!([200, 201, 204, 404, 409].contains(&status), "{}", reply.text);
    let told = &reply.json["data"];
    if told["ticketNumber"].is_string() {
        let path = format!("/api/support/tickets/{}", told["id"].as_str().unwrap());
        let stored = admin.get(&path).await;
        prop_assert_eq!(told, stored.data(200), "what was answered is what was stored");
        let etag = stored.header("etag").to_owned();
        prop_assert_eq!(reply.header("etag"), etag);
    }
    Ok(())
}

/// What is done with one ticket; `None` where there is none.
async fn of_ticket(
    app: &TestApp,
    agents: &[String],
    tickets: &mut Vec<String>,
    action: Action,
) -> Option<Reply> {
    let (Action::Step { ticket, .. }
    | Action::Close { ticket }
    | Action::Reopen { ticket }
    | Action::Prioritise { ticket, .. }
    | Action::AssignToBest { ticket }
    | Action::AssignTo { ticket, .. }
    | Action::Unassign { ticket }
    | Action::Delete { ticket }
    | Action::Say { ticket, .. }
    | Action::Merge { ticket, .. }
    | Action::Unmerge { ticket }
    | Action::Split { ticket }
    | Action::Snooze { ticket, .. }
    | Action::Unsnooze { ticket }) = action
    else {
        return None;
    };
    let path = format!("/api/support/tickets/{}", tickets.get(ticket)?);
    let admin = &app.admin;
    Some(match action {
        Action::Step { to, .. } => admin.patch(&path, json!({"status": STATES[to]})).await,
        Action::Close { .. } => admin.post(&format!("{path}/close"), json!({})).await,
        Action::Reopen { .. } => admin.post(&format!("{path}/reopen"), json!({})).await,
        Action::Prioritise { priority, .. } => {
            admin.patch(&path, json!({"priority": PRIORITIES[priority]})).await
        }
        Action::AssignToBest { .. } => admin.post(&format!("{path}/assign"), json!({})).await,
        Action::AssignTo { agent, .. } => {
            admin.patch(&path, json!({"agentId": agents[agent]})).await
        }
        Action::Unassign { .. } => admin.patch(&path, json!({"agentId": null})).await,
        Action::Delete { .. } => admin.delete(&path).await,
        _ => return converse(app, &path, tickets, action).await,
    })
}

/// Messages, and what is done with conversations; `None` where there is nothing to do it with.
async fn converse(
    app: &TestApp,
    path: &str,
    tickets: &mut Vec<String>,
    action: Action,
) -> Option<Reply> {
    let admin = &app.admin;
    Some(match action {
        Action::Say { by_customer, .. } => {
            let speaker = if by_customer { "customer" } else { "agent" };
            let body = json!({"message": "Something new", "senderType": speaker});
            let reply = admin.post(&format!("{path}/messages"), body).await;
            if reply.json["data"]["followUp"] == true {
                let id = reply.json["data"]["ticketId"].as_str().unwrap().to_owned();
                tickets.extend(Some(id).filter(|id| !tickets.contains(id)));
            }
            reply
        }
        Action::Merge { into, .. } => {
            let body = json!({"into": tickets.get(into)?});
            let reply = admin.post(&format!("{path}/merge"), body).await;
            // A ticket to merge into that was deleted is a fault of the body.
            if reply.status == 400 { return None } else { reply }
        }
        Action::Unmerge { .. } => admin.post(&format!("{path}/unmerge"), json!({})).await,
        Action::Snooze { minutes, .. } => {
            let until = app.app.clock.now() + Duration::minutes(minutes);
            admin.post(&format!("{path}/snooze"), json!({"until": until})).await
        }
        Action::Unsnooze { .. } => admin.delete(&format!("{path}/snooze")).await,
        _ => {
            let list = admin.get(&format!("{path}/messages")).await;
            let id = list.json["data"][0]["id"].as_str()?.to_owned();
            let body = json!({"messageIds": [id], "subject": "Split off"});
            let reply = admin.post(&format!("{path}/split"), body).await;
            // What a merged ticket shows is in another one.
            if reply.status == 400 {
                return None;
            }
            if let Some(id) = reply.json["data"]["id"].as_str().filter(|_| reply.status == 201) {
                tickets.push(id.to_owned());
            }
            reply
        }
    })
}

async fn wake(app: &TestApp) {
    loop {
        let mut tx = app.app.db.begin().await.unwrap();
        let any = backlog::wake_snoozed(&mut tx, &*app.app.clock).await.unwrap();
        tx.commit().await.unwrap();
        if !any {
            return;
        }
    }
}

async fn requeue(app: &TestApp) {
    loop {
        let mut tx = app.app.db.begin().await.unwrap();
        let grace = Duration::minutes(15);
        let any = backlog::requeue_unattended(&mut tx, &*app.app.clock, grace).await.unwrap();
        tx.commit().await.unwrap();
        if !any {
            return;
        }
    }
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
         WHERE t.agent_id IS NULL AND t.deleted_at IS NULL AND t.merged_into_id IS NULL
           AND t.snoozed_until IS NULL
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
    // A message, or one that came or went, is a change of the ticket also where none of its fields differs.
    let conversed = ["message", "note", "merged", "unmerged", "split"];
    let mut is_exact = true;
    for (kind, data) in &rows[1..] {
        let (Some(before), Some(after)) = (data["before"].as_object(), data["after"].as_object())
        else {
            is_exact &= !conversed.contains(&kind.as_str());
            continue;
        };
        version += 1;
        for (field, value) in before {
            let known = state.get(field).cloned().unwrap_or_default();
            prop_assert_eq!(&known, value, "{} of {} before {}", field, id, kind);
        }
        // A merge closes from any state, and what is undone is as it was.
        let is_step = !["merged", "unmerged"].contains(&kind.as_str());
        let states = before.get("status").zip(after.get("status")).filter(|_| is_step);
        if let Some((from, to)) = states {
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
        // The deadline is the clocks' own: their histories are looked at apart.
        if ["version", "updatedAt", "assignedTo", "slaDueAt"].contains(&field.as_str()) {
            continue;
        }
        prop_assert_eq!(state.get(field).unwrap_or(&Value::Null), value, "{} of {}", field, id);
    }
    let stored = ticket["version"].as_i64().unwrap();
    prop_assert!(stored == version || !is_exact && stored > version, "{stored} after {version}");
    Ok(())
}
