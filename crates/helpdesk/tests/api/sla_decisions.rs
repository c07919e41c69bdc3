//! Every row of the decision table (semantics of the service level clocks), over HTTP.

use chrono::Duration;
use kamhub_helpdesk::ids::TicketId;
use kamhub_helpdesk::tickets::service as tickets;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_kernel::{Actor, Clock as _};
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::sla::{check, clock, clocks, policy, sweep, time, waiting_since};
use crate::speaking::{customer, person, post, say, told};
use crate::support::{create, patch, path, ticket_with};

async fn app() -> TestApp {
    let app = TestApp::start().await;
    policy(&app, json!({"name": "Everything", "nextResponseTime": 2})).await;
    app
}

async fn states(app: &TestApp, ticket: &Value, metric: &str) -> Vec<Value> {
    let all = clocks(app, ticket).await;
    all.iter().filter(|it| it["metric"] == metric).map(|it| it["state"].clone()).collect()
}

async fn due(app: &TestApp, ticket: &Value) -> Value {
    app.admin.get(&path(ticket)).await.data(200)["slaDueAt"].clone()
}

async fn act(app: &TestApp, ticket: &Value, step: &str, body: Value) -> Value {
    app.admin.post(&format!("{}/{step}", path(ticket)), body).await.data(200).clone()
}

/// Runs jobs until none is due.
async fn work(app: &TestApp) {
    let registry = kamhub_helpdesk::jobs::registry(&app.app).unwrap();
    let worker = Worker::new(app.app.queue.clone(), registry, WorkerOptions::default());
    let report = worker.drain().await.unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
}

#[tokio::test]
async fn a_ticket_of_an_agent_waits_for_no_first_response() {
    let app = app().await;
    let anna = person(&app).await;
    let ticket = create(&anna, json!({})).await;
    assert_eq!(clocks(&app, &ticket).await.len(), 1, "resolution only");
    app.clock.advance(Duration::hours(1));
    say(&app, &ticket, "customer", "Thank you for writing it down").await;
    assert_eq!(states(&app, &ticket, "first_response").await, [json!(null); 0]);
    let next = clock(&app, &ticket, "next_response").await;
    assert_eq!(time(&next["startedAt"]), app.clock.now());
}

#[tokio::test]
async fn only_a_public_reply_of_a_person_is_a_response() {
    let app = app().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::minutes(10));
    for not in [
        json!({"message": "A note", "isInternal": true}),
        json!({"message": "Somebody will answer", "isAutomatic": true}),
        json!({"message": "Backup done", "senderType": "system"}),
    ] {
        post(&app, &ticket, not).await.data(201);
    }
    assert_eq!(states(&app, &ticket, "first_response").await, ["running"]);
    let reply = say(&app, &ticket, "agent", "Good morning").await;
    let first = clock(&app, &ticket, "first_response").await;
    assert_eq!((&first["state"], &first["fulfilledBy"]), (&json!("fulfilled"), &reply["id"]));
    assert_eq!(states(&app, &ticket, "next_response").await, ["fulfilled"]);
}

#[tokio::test]
async fn a_reply_that_bounces_was_none() {
    let app = app().await;
    let ticket = create(&app.admin, json!({})).await;
    let before = clock(&app, &ticket, "first_response").await;
    app.clock.advance(Duration::hours(1));
    let reply = say(&app, &ticket, "agent", "Good morning").await;
    app.clock.advance(Duration::hours(1));
    let mut tx = app.app.db.begin().await.unwrap();
    let id: TicketId = ticket["id"].as_str().unwrap().parse().unwrap();
    let actor = Actor::System { job: "mail" };
    let mut locked = tickets::lock(&mut tx, &actor, id).await.unwrap();
    let bounced = vec![("message_bounced", json!({"messageId": reply["id"]}))];
    tickets::timeline::write(&mut tx, &*app.clock, &actor, &mut locked, bounced).await.unwrap();
    tx.commit().await.unwrap();
    let after = clock(&app, &ticket, "first_response").await;
    for field in ["state", "startedAt", "runningSince", "dueAt"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(due(&app, &ticket).await, json!(time(&before["startedAt"]) + Duration::hours(2)));
}

#[tokio::test]
async fn a_pause_keeps_what_was_used_and_moves_the_deadline() {
    let app = app().await;
    let ticket = create(&app.admin, json!({})).await;
    let before = time(&clock(&app, &ticket, "resolution").await["dueAt"]);
    app.clock.advance(Duration::hours(1));
    for state in ["in_progress", "waiting_customer"] {
        patch(&app, &ticket, json!({"status": state})).await.data(200);
    }
    let paused = clock(&app, &ticket, "resolution").await;
    assert_eq!((&paused["state"], &paused["dueAt"]), (&json!("paused"), &json!(null)));
    assert_eq!(paused["consumedSeconds"], 3600);
    assert_eq!(states(&app, &ticket, "first_response").await, ["running"], "responses never pause");
    app.clock.advance(Duration::hours(5));
    patch(&app, &ticket, json!({"status": "in_progress"})).await.data(200);
    let resumed = clock(&app, &ticket, "resolution").await;
    assert_eq!(time(&resumed["dueAt"]), before + Duration::hours(5));
}

#[tokio::test]
async fn another_priority_gives_the_same_clock_another_target() {
    let app = app().await;
    policy(&app, json!({"name": "Urgent", "priority": "urgent", "firstResponseTime": 1})).await;
    let ticket = create(&app.admin, json!({"priority": "low"})).await;
    app.clock.advance(Duration::hours(2));
    patch(&app, &ticket, json!({"priority": "urgent"})).await.data(200);
    let first = clock(&app, &ticket, "first_response").await;
    assert_eq!((&first["number"], &first["targetSeconds"]), (&json!(1), &json!(3600)));
    assert_eq!((&first["cause"], &first["consumedSeconds"]), (&json!("retarget"), &json!(7200)));
    assert_eq!(time(&first["breachedAt"]), time(&first["startedAt"]) + Duration::hours(1));
    assert_eq!(time(&first["detectedAt"]), app.clock.now());
    assert_eq!(states(&app, &ticket, "next_response").await, ["cancelled"], "it promises none");
    patch(&app, &ticket, json!({"priority": "low"})).await.data(200);
    let back = clock(&app, &ticket, "first_response").await;
    assert_eq!(back["breachedAt"], first["breachedAt"], "an earlier breach stays");
    assert_eq!(back["targetSeconds"], 4 * 3600);
}

#[tokio::test]
async fn an_edited_policy_leaves_running_clocks_alone() {
    let app = TestApp::start().await;
    let made = policy(&app, json!({"name": "Mine"})).await;
    let before = create(&app.admin, json!({})).await;
    let path = format!("/api/support/sla/policies/{}", made["id"].as_str().unwrap());
    app.admin.patch(&path, json!({"firstResponseTime": 1})).await.data(200);
    let after = create(&app.admin, json!({})).await;
    assert_eq!(clock(&app, &before, "first_response").await["targetSeconds"], 4 * 3600);
    assert_eq!(clock(&app, &after, "first_response").await["targetSeconds"], 3600);
    patch(&app, &before, json!({"priority": "low"})).await.data(200);
    let same = clock(&app, &before, "first_response").await;
    assert_eq!(same["targetSeconds"], 4 * 3600, "the same policy fits: it keeps its version");
}

#[tokio::test]
async fn a_deactivated_policy_ends_its_clocks_and_keeps_their_history() {
    let app = TestApp::start().await;
    let made = policy(&app, json!({"name": "Mine"})).await;
    let ticket = create(&app.admin, json!({})).await;
    let path = format!("/api/support/sla/policies/{}", made["id"].as_str().unwrap());
    app.admin.patch(&path, json!({"active": false})).await.data(200);
    work(&app).await;
    for ended in clocks(&app, &ticket).await {
        assert_eq!(ended["state"], "cancelled");
        assert_eq!(ended["cancelReason"], "policy_deactivated");
    }
    assert_eq!(due(&app, &ticket).await, json!(null));
}

#[tokio::test]
async fn an_edited_calendar_moves_running_clocks_and_no_others() {
    let app = TestApp::start().await;
    let day = json!([{"start": "00:00", "end": "24:00"}]);
    let week =
        json!({"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day});
    let calendar = json!({"name": "Weekdays", "zone": "UTC", "weekly": week});
    let calendar = app.admin.post("/api/support/calendars", calendar).await.data(201).clone();
    policy(&app, json!({"name": "Weekdays", "calendarId": calendar["id"]})).await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(1));
    say(&app, &ticket, "agent", "Good morning").await;
    let first = clock(&app, &ticket, "first_response").await;
    let resolution = time(&clock(&app, &ticket, "resolution").await["dueAt"]);
    let path = format!("/api/support/calendars/{}", calendar["id"].as_str().unwrap());
    let edit = json!({"holidays": [{"date": "2026-03-03"}]});
    app.admin.patch(&path, edit).await.data(200);
    work(&app).await;
    let moved = clock(&app, &ticket, "resolution").await;
    assert_eq!(time(&moved["dueAt"]), resolution + Duration::hours(24));
    assert_eq!(moved["changes"].as_array().unwrap().last().unwrap()["type"], "sla_calendar");
    assert_eq!(clock(&app, &ticket, "first_response").await, first, "a finished clock stays");
    assert_eq!(due(&app, &ticket).await, moved["dueAt"]);
}

#[tokio::test]
async fn a_reopened_ticket_goes_on_with_what_was_used() {
    let app = app().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(1));
    say(&app, &ticket, "agent", "Done").await;
    patch(&app, &ticket, json!({"status": "resolved"})).await.data(200);
    assert_eq!(due(&app, &ticket).await, json!(null));
    app.clock.advance(Duration::hours(10));
    say(&app, &ticket, "customer", "It is not").await;
    let resolution = clock(&app, &ticket, "resolution").await;
    assert_eq!((&resolution["state"], &resolution["number"]), (&json!("running"), &json!(1)));
    assert_eq!(resolution["consumedSeconds"], 3600);
    assert_eq!(time(&resolution["dueAt"]), app.clock.now() + Duration::hours(23));
    assert_eq!(states(&app, &ticket, "first_response").await, ["fulfilled"]);
    assert_eq!(states(&app, &ticket, "next_response").await, ["fulfilled", "running"]);
}

#[tokio::test]
async fn a_merge_cancels_the_sources_clocks_and_the_survivor_inherits_who_waits() {
    let app = app().await;
    let source = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::minutes(30));
    let target = create(&app.admin, json!({})).await;
    say(&app, &target, "agent", "Good morning").await;
    let before = clocks(&app, &target).await;
    app.clock.advance(Duration::minutes(30));
    act(&app, &source, "merge", json!({"into": target["id"]})).await;
    for cancelled in clocks(&app, &source).await {
        assert_eq!(
            (&cancelled["state"], &cancelled["cancelReason"]),
            (&json!("cancelled"), &json!("merged"))
        );
    }
    let next = clock(&app, &target, "next_response").await;
    assert_eq!((&next["state"], &next["startedAt"]), (&json!("running"), &source["createdAt"]));
    assert_eq!(due(&app, &target).await, json!(time(&source["createdAt"]) + Duration::hours(2)));
    app.clock.advance(Duration::minutes(5));
    act(&app, &source, "unmerge", json!({})).await;
    let after = clocks(&app, &target).await;
    assert_eq!(after.len(), before.len(), "nobody waits there any more");
    assert_eq!(states(&app, &source, "first_response").await, ["running"]);
    let due_at = json!(time(&source["createdAt"]) + Duration::hours(2));
    assert_eq!(due(&app, &source).await, due_at, "as if it had never been merged");
}

#[tokio::test]
async fn a_split_ticket_begins_when_its_first_message_was_written() {
    let app = app().await;
    let ticket = create(&app.admin, json!({})).await;
    say(&app, &ticket, "agent", "Good morning").await;
    app.clock.advance(Duration::minutes(30));
    let other = say(&app, &ticket, "customer", "And another thing").await;
    app.clock.advance(Duration::minutes(30));
    let split = json!({"messageIds": [other["id"]], "subject": "Another thing"});
    let new = app.admin.post(&format!("{}/split", path(&ticket)), split).await.data(201).clone();
    let first = clock(&app, &new, "first_response").await;
    assert_eq!((&first["state"], &first["startedAt"]), (&json!("running"), &other["createdAt"]));
    assert_eq!(states(&app, &ticket, "next_response").await, ["fulfilled"], "nobody waits there");
    assert_eq!(due(&app, &new).await, json!(time(&other["createdAt"]) + Duration::hours(2)));
    assert_eq!(new["slaDueAt"], due(&app, &new).await);
}

#[tokio::test]
async fn imported_history_starts_at_the_declared_time_and_alerts_nobody() {
    let app = app().await;
    let ticket = waiting_since(&app, Duration::hours(30), json!({})).await;
    sweep(&app).await;
    let found = check(&app, &ticket).await;
    assert_eq!(found["violations"].as_array().unwrap().len(), 3);
    let rows = app.admin.get("/api/support/sla/violations").await.data(200).clone();
    assert!(rows.as_array().unwrap().iter().all(|it| it["historical"] == json!(true)));
    assert_eq!(told(&app, "sla.violation_detected").await + told(&app, "sla.warning").await, 0);
    let answered = app.clock.now() - Duration::hours(29);
    let reply = json!({"message": "Good morning", "senderType": "agent", "createdAt": answered});
    post(&app, &ticket, reply).await.data(201);
    let left = check(&app, &ticket).await;
    let types: Vec<_> =
        left["violations"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(types, ["RESOLUTION_SLA"], "it was answered in time after all");
    let first = clock(&app, &ticket, "first_response").await;
    assert_eq!(first["consumedSeconds"], 3600);
}

#[tokio::test]
async fn resolving_without_an_answer_is_no_response() {
    let app = app().await;
    let ticket = create(&app.admin, json!({})).await;
    for state in ["in_progress", "resolved", "closed"] {
        patch(&app, &ticket, json!({"status": state})).await.data(200);
    }
    assert_eq!(states(&app, &ticket, "first_response").await, ["running"]);
    assert_eq!(states(&app, &ticket, "resolution").await, ["fulfilled"]);
}

#[tokio::test]
async fn a_deleted_ticket_has_no_clocks_that_run() {
    let app = app().await;
    let ticket = create(&app.admin, json!({})).await;
    app.admin.delete(&path(&ticket)).await;
    let running: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sla_clocks WHERE state IN ('running', 'paused')")
            .fetch_one(app.database.db.pool())
            .await
            .unwrap();
    assert_eq!(running, 0);
}

#[tokio::test]
async fn the_most_urgent_tickets_come_first_and_those_without_a_deadline_last() {
    let app = TestApp::start().await;
    policy(&app, json!({"name": "Urgent", "priority": "urgent", "firstResponseTime": 1})).await;
    let slow = create(&app.admin, json!({"priority": "low"})).await;
    let done = create(&app.admin, json!({})).await;
    say(&app, &done, "agent", "Done").await;
    patch(&app, &done, json!({"status": "resolved"})).await.data(200);
    let fast = create(&app.admin, json!({"priority": "urgent"})).await;
    let mut ids = Vec::new();
    let mut next = "/api/support/tickets?sortBy=slaDue&sortOrder=ASC&limit=1".to_owned();
    loop {
        let page = app.admin.get(&next).await;
        ids.extend(page.data(200).as_array().unwrap().iter().map(|it| it["id"].clone()));
        match page.json["nextCursor"].as_str() {
            Some(cursor) => {
                next = format!(
                    "/api/support/tickets?sortBy=slaDue&sortOrder=ASC&limit=1&cursor={cursor}"
                );
            }
            None => break,
        }
    }
    assert_eq!(ids, [fast["id"].clone(), slow["id"].clone(), done["id"].clone()]);
}

#[tokio::test]
async fn a_follow_up_has_clocks_of_its_own() {
    let app = app().await;
    let ticket =
        app.admin.post("/api/support/tickets", ticket_with(json!({}))).await.data(201).clone();
    say(&app, &ticket, "agent", "Done").await;
    for state in ["resolved", "closed"] {
        patch(&app, &ticket, json!({"status": state})).await.data(200);
    }
    app.clock.advance(Duration::days(30));
    let asks = customer(&app, &ticket);
    let body = json!({"message": "Something new has happened since"});
    let written = asks.post(&format!("{}/messages", path(&ticket)), body).await.data(201).clone();
    let new = json!({"id": written["ticketId"]});
    assert_ne!(new["id"], ticket["id"]);
    let first = clock(&app, &new, "first_response").await;
    assert_eq!((&first["state"], time(&first["startedAt"])), (&json!("running"), app.clock.now()));
}
