use chrono::{DateTime, Duration, Utc};
use kamhub_helpdesk::tickets::service::backlog;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::sla::policy;
use crate::support::{agent, create, load, patch, path, ticket_body};

#[tokio::test]
async fn a_new_ticket_goes_to_the_least_loaded_agent_who_knows_the_matter() {
    let app = TestApp::start().await;
    let busy = agent(&app, "Busy Bee", json!({"maxConcurrentTickets": 2})).await;
    create(&app.admin, json!({})).await;
    let free = agent(&app, "Free Bird", json!({"maxConcurrentTickets": 10})).await;
    agent(&app, "Booking Only", json!({"specialization": ["booking"]})).await;
    let ticket = create(&app.admin, json!({})).await;
    assert_eq!(ticket["agentId"], free["id"]);
    assert_eq!(ticket["assignedTo"], free["id"]);
    assert_eq!(load(&app, &busy).await, 1);
    assert_eq!(load(&app, &free).await, 1);
}

#[tokio::test]
async fn sixty_four_clients_fill_forty_agents_to_the_brim_and_not_beyond() {
    let app = TestApp::start().await;
    let mut agents = Vec::new();
    for number in 0..40 {
        agents.push(agent(&app, &format!("Agent {number}"), json!({})).await);
    }
    let clients = (0..64).map(|_| {
        let admin = app.admin.clone();
        tokio::spawn(async move {
            for _ in 0..4 {
                admin.post("/api/support/tickets", ticket_body()).await.data(201);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    for agent in &agents {
        assert_eq!(load(&app, agent).await, 5);
    }
    let waiting = app.admin.get("/api/support/tickets?assignedTo=nobody&total=exact").await;
    assert_eq!(waiting.json["total"], 56);
    let theirs = format!("/api/support/tickets?agentId={}", agents[0]["id"].as_str().unwrap());
    let done = app.admin.get(&theirs).await.data(200)[0].clone();
    patch(&app, &done, json!({"status": "closed"})).await.data(200);
    let waiting = app.admin.get("/api/support/tickets?assignedTo=nobody&total=exact").await;
    assert_eq!(waiting.json["total"], 55, "freed capacity is filled");
    assert_eq!(load(&app, &agents[0]).await, 5);
}

#[tokio::test]
async fn waiting_tickets_are_taken_when_an_agent_comes_online_most_urgent_first() {
    let app = TestApp::start().await;
    let low = create(&app.admin, json!({"priority": "low"})).await;
    let high = create(&app.admin, json!({"priority": "high"})).await;
    let anna = agent(&app, "Anna", json!({"status": "offline", "maxConcurrentTickets": 1})).await;
    assert_eq!(app.admin.get(&path(&high)).await.data(200)["agentId"], Value::Null);
    let status = format!("/api/support/agents/{}/status", anna["id"].as_str().unwrap());
    app.admin.put(&status, json!({"status": "online"})).await.data(200);
    assert_eq!(app.admin.get(&path(&high)).await.data(200)["agentId"], anna["id"]);
    assert_eq!(app.admin.get(&path(&low)).await.data(200)["agentId"], Value::Null);
}

#[tokio::test]
async fn a_low_priority_ticket_does_not_starve() {
    let app = TestApp::start().await;
    let old = create(&app.admin, json!({"priority": "low"})).await;
    app.clock.advance(Duration::days(4));
    create(&app.admin, json!({"priority": "urgent"})).await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 1})).await;
    assert_eq!(app.admin.get(&path(&old)).await.data(200)["agentId"], anna["id"]);
}

#[tokio::test]
async fn an_agent_outside_working_hours_gets_nothing_until_they_begin() {
    let app = TestApp::start().await;
    // The clock stands at 15:00 in Kamchatka.
    let late =
        json!({"timezone": "Asia/Kamchatka", "workingHours": {"start": "16:00", "end": "23:00"}});
    let anna = agent(&app, "Anna", late).await;
    let ticket = create(&app.admin, json!({})).await;
    assert_eq!(ticket["agentId"], Value::Null);
    app.clock.advance(Duration::hours(1));
    kamhub_helpdesk::assignment::fill(&app.app).await.unwrap();
    assert_eq!(app.admin.get(&path(&ticket)).await.data(200)["agentId"], anna["id"]);
}

/// Takes back one ticket of somebody who is absent for more than a quarter of an hour.
async fn requeue(app: &TestApp) -> bool {
    let mut tx = app.app.db.begin().await.unwrap();
    let grace = Duration::minutes(15);
    let moved = backlog::requeue_unattended(&mut tx, &*app.app.clock, grace).await.unwrap();
    tx.commit().await.unwrap();
    moved
}

/// The decisions in a ticket's timeline: what was decided, and its data.
async fn decisions(app: &TestApp, ticket: &Value) -> Vec<(String, Value)> {
    let events = app.admin.get(&format!("{}/events?limit=100", path(ticket))).await;
    let rows = events.data(200).as_array().unwrap().clone();
    let decided = rows.into_iter().filter(|row| row["data"]["decision"].is_object());
    decided.map(|row| (row["type"].as_str().unwrap().to_owned(), row["data"].clone())).collect()
}

#[tokio::test]
async fn whoever_is_relieved_of_a_ticket_does_not_get_it_back_by_that_and_the_answer_says_so() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 1})).await;
    let ticket = create(&app.admin, json!({})).await;
    let waiting = create(&app.admin, json!({})).await;
    assert_eq!((&ticket["agentId"], &waiting["agentId"]), (&anna["id"], &Value::Null));
    app.clock.advance(Duration::minutes(1));
    let reply = patch(&app, &ticket, json!({"agentId": null})).await;
    let now = app.admin.get(&path(&ticket)).await;
    assert_eq!(reply.data(200), now.data(200));
    assert_eq!(reply.header("etag"), now.header("etag"));
    assert_eq!(now.data(200)["agentId"], Value::Null);
    let other = app.admin.get(&path(&waiting)).await;
    assert_eq!(other.data(200)["agentId"], anna["id"], "somebody else's ticket comes first");
    assert_eq!(load(&app, &anna).await, 1);
    app.clock.advance(Duration::minutes(1));
    let reply = patch(&app, &waiting, json!({"agentId": null})).await;
    assert_eq!(app.admin.get(&path(&waiting)).await.data(200), reply.data(200));
    assert_eq!(app.admin.get(&path(&ticket)).await.data(200)["agentId"], anna["id"]);
}

#[tokio::test]
async fn the_grace_of_absent_agents_counts_from_the_assignment_where_that_came_later() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let anna = agent(&app, "Anna", json!({"status": "offline"})).await;
    app.clock.advance(Duration::hours(1));
    let assign = format!("{}/assign", path(&ticket));
    app.admin.post(&assign, json!({"agentId": anna["id"]})).await.data(200);
    assert!(!requeue(&app).await, "she was given it this moment");
    app.clock.advance(Duration::minutes(14));
    patch(&app, &ticket, json!({"tags": ["for-anna"]})).await.data(200);
    assert!(!requeue(&app).await);
    app.clock.advance(Duration::minutes(2));
    assert!(requeue(&app).await, "another change is no assignment");
    assert_eq!(app.admin.get(&path(&ticket)).await.data(200)["agentId"], Value::Null);
}

#[tokio::test]
async fn what_an_absent_agent_has_snoozed_stays_until_it_wakes() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({})).await;
    let ticket = create(&app.admin, json!({})).await;
    let until = app.app.clock.now() + Duration::hours(2);
    app.admin.post(&format!("{}/snooze", path(&ticket)), json!({"until": until})).await.data(200);
    let status = format!("/api/support/agents/{}/status", anna["id"].as_str().unwrap());
    app.admin.put(&status, json!({"status": "away"})).await.data(200);
    app.clock.advance(Duration::hours(1));
    assert!(!requeue(&app).await);
    app.clock.set(until);
    assert!(requeue(&app).await);
}

#[tokio::test]
async fn every_decision_is_recorded_with_its_candidates_also_for_a_ticket_that_has_waited() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    agent(&app, "Boris", json!({"specialization": ["booking"]})).await;
    let anna = agent(&app, "Anna", json!({})).await;
    let drained = decisions(&app, &ticket).await.pop().unwrap();
    assert_eq!(drained.0, "assigned");
    assert_eq!(drained.1["decision"]["chosen"]["agentId"], anna["id"]);
    assert_eq!(drained.1["decision"]["chosen"]["openTickets"], 0);
    assert_eq!(drained.1["decision"]["notChosen"]["not_specialised"], 1);
    assert!(drained.1["reason"].is_string());
    let assign = format!("{}/assign", path(&ticket));
    // Nobody better, and then nobody at all: the ticket stays with whom it has, and says why.
    app.admin.post(&assign, json!({})).await.data(200);
    let status = format!("/api/support/agents/{}/status", anna["id"].as_str().unwrap());
    app.admin.put(&status, json!({"status": "busy"})).await.data(200);
    let kept = app.admin.post(&assign, json!({})).await.data(200).clone();
    assert_eq!(kept["agentId"], anna["id"]);
    let kinds: Vec<String> = decisions(&app, &ticket).await.into_iter().map(|row| row.0).collect();
    assert_eq!(kinds, ["waiting", "assigned", "kept", "kept"]);
    assert_eq!(load(&app, &anna).await, 1);
}

#[tokio::test]
async fn a_snoozed_ticket_says_that_it_goes_to_nobody_meanwhile() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let until = app.app.clock.now() + Duration::hours(2);
    let snooze = format!("{}/snooze", path(&ticket));
    let snoozed = app.admin.post(&snooze, json!({"until": until})).await.data(200).clone();
    agent(&app, "Anna", json!({})).await;
    let why = app.admin.get(&format!("{}/assignment", path(&ticket))).await.data(200).clone();
    assert_eq!((&why["waiting"], &why["agentId"]), (&json!(true), &Value::Null));
    assert_eq!(why["snoozedUntil"], snoozed["snoozedUntil"]);
    assert_eq!(why["now"]["chosen"], Value::Null);
    assert_eq!(why["now"]["notChosen"], json!({"snoozed": 1}));
}

#[tokio::test]
async fn work_that_an_absent_agent_has_not_begun_or_will_not_end_in_time_goes_to_somebody_else() {
    let app = TestApp::start().await;
    policy(&app, json!({})).await;
    let anna = agent(&app, "Anna", json!({})).await;
    let begun = create(&app.admin, json!({})).await;
    patch(&app, &begun, json!({"status": "in_progress"})).await.data(200);
    let fresh = create(&app.admin, json!({})).await;
    let boris = agent(&app, "Boris", json!({})).await;
    let status = format!("/api/support/agents/{}/status", anna["id"].as_str().unwrap());
    app.admin.put(&status, json!({"status": "away"})).await.data(200);
    let requeue = async || requeue(&app).await;
    assert!(!requeue().await, "within the grace period nothing moves");
    app.clock.advance(Duration::minutes(16));
    assert!(requeue().await);
    assert!(!requeue().await);
    assert_eq!(app.admin.get(&path(&fresh)).await.data(200)["agentId"], boris["id"]);
    assert_eq!(app.admin.get(&path(&begun)).await.data(200)["agentId"], anna["id"]);
    assert_eq!((load(&app, &anna).await, load(&app, &boris).await), (1, 1));
    let due: DateTime<Utc> = begun["slaDueAt"].as_str().unwrap().parse().unwrap();
    app.clock.set(due - Duration::minutes(61));
    assert!(!requeue().await, "begun work stays where it is");
    app.clock.set(due - Duration::minutes(59));
    assert!(requeue().await);
    assert_eq!(app.admin.get(&path(&begun)).await.data(200)["agentId"], boris["id"]);
    assert!(!requeue().await);
}

#[tokio::test]
async fn assigning_by_hand_moves_the_load_even_beyond_capacity() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 1})).await;
    let boris = agent(&app, "Boris", json!({"maxConcurrentTickets": 1, "status": "offline"})).await;
    let ticket = create(&app.admin, json!({})).await;
    assert_eq!(ticket["agentId"], anna["id"]);
    let other = create(&app.admin, json!({})).await;
    let assign = format!("{}/assign", path(&ticket));
    let moved = app.admin.post(&assign, json!({"agentId": boris["id"]})).await.data(200).clone();
    assert_eq!(moved["agentId"], boris["id"]);
    let other = app.admin.get(&path(&other)).await.data(200).clone();
    assert_eq!(other["agentId"], anna["id"], "the freed place was filled");
    let assign = format!("{}/assign", path(&other));
    app.admin.post(&assign, json!({"agentId": boris["id"]})).await.data(200);
    assert_eq!((load(&app, &anna).await, load(&app, &boris).await), (0, 2));
    let back = patch(&app, &other, json!({"agentId": null})).await.data(200).clone();
    assert_eq!(back["agentId"], Value::Null);
    assert_eq!(load(&app, &boris).await, 1);
    let again = app.admin.post(&assign, json!({})).await.data(200).clone();
    assert_eq!(again["agentId"], anna["id"], "without a name it goes to whoever is best");
}

#[tokio::test]
async fn why_a_ticket_waits_has_an_answer() {
    let app = TestApp::start().await;
    agent(&app, "Anna", json!({"status": "offline"})).await;
    agent(&app, "Boris", json!({"specialization": ["booking"]})).await;
    let ticket = create(&app.admin, json!({})).await;
    let why = app.admin.get(&format!("{}/assignment", path(&ticket))).await.data(200).clone();
    assert_eq!(why["waiting"], true);
    let text = why["now"].to_string();
    assert!(text.contains("offline") && text.contains("not_specialised"), "{text}");
    let events = app.admin.get(&format!("{}/events", path(&ticket))).await.data(200).clone();
    assert_eq!(events[1]["type"], "waiting");
    assert!(events[1]["data"]["decision"].to_string().contains("offline"));
}
