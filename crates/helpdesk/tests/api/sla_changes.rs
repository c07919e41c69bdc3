//! What happens to clocks when calendars, policies and priorities change under them, and to the warnings and
//! escalations that were still to come.

use chrono::Duration;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_kernel::Clock as _;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::sla::{check, clock, clocks, policy, sweep, time};
use crate::speaking::{now, say};
use crate::support::{agent, create, patch, path};

/// Runs jobs until none is due.
async fn work(app: &TestApp) {
    let registry = kamhub_helpdesk::jobs::registry(&app.app).unwrap();
    let worker = Worker::new(app.app.queue.clone(), registry, WorkerOptions::default());
    let report = worker.drain().await.unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
}

/// What the clocks noted in the timeline, in order.
async fn noted(app: &TestApp, ticket: &Value) -> Vec<String> {
    let reply = app.admin.get(&format!("{}/events?limit=100", path(ticket))).await;
    let rows = reply.data(200).as_array().unwrap().clone();
    let kinds = rows.iter().map(|row| row["type"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind.starts_with("sla_")).collect()
}

async fn times(app: &TestApp, ticket: &Value, kind: &str) -> usize {
    noted(app, ticket).await.iter().filter(|it| *it == kind).count()
}

async fn calendar(app: &TestApp, name: &str, days: &[&str]) -> Value {
    let weekly: serde_json::Map<String, Value> = days
        .iter()
        .map(|day| ((*day).to_owned(), json!([{"start": "00:00", "end": "24:00"}])))
        .collect();
    let body = json!({"name": name, "zone": "UTC", "weekly": weekly});
    app.admin.post("/api/support/calendars", body).await.data(201).clone()
}

fn policy_path(policy: &Value) -> String {
    format!("/api/support/sla/policies/{}", policy["id"].as_str().unwrap())
}

const WEEK: [&str; 5] = ["monday", "tuesday", "wednesday", "thursday", "friday"];

#[tokio::test]
async fn a_ticket_that_was_resolved_when_its_calendar_was_edited_is_reopened_under_the_new_hours() {
    let app = TestApp::start().await;
    let hours = calendar(&app, "Weekdays", &WEEK).await;
    let promise = json!({"name": "Weekdays", "calendarId": hours["id"], "nextResponseTime": 2});
    policy(&app, promise).await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(1));
    say(&app, &ticket, "agent", "Done").await;
    patch(&app, &ticket, json!({"status": "resolved"})).await.data(200);
    let edit = json!({"holidays": [{"date": "2026-03-02"}, {"date": "2026-03-03"}]});
    let hours = format!("/api/support/calendars/{}", hours["id"].as_str().unwrap());
    app.admin.patch(&hours, edit).await.data(200);
    work(&app).await;
    let fresh = create(&app.admin, json!({})).await;
    let present = clock(&app, &fresh, "resolution").await["calendarVersionId"].clone();
    app.clock.advance(Duration::hours(1));
    say(&app, &ticket, "customer", "It is not").await;
    let resolution = clock(&app, &ticket, "resolution").await;
    assert_eq!(resolution["calendarVersionId"], present);
    assert_eq!(resolution["consumedSeconds"], 3600, "what was used then stays used");
    assert_eq!(resolution["dueAt"], json!("2026-03-04T23:00:00Z"));
    let next = clock(&app, &ticket, "next_response").await;
    assert_eq!(
        (&next["calendarVersionId"], &next["dueAt"]),
        (&present, &json!("2026-03-04T02:00:00Z"))
    );
}

#[tokio::test]
async fn a_ticket_whose_policy_is_gone_is_reopened_under_the_one_that_fits_now() {
    let app = TestApp::start().await;
    let gone = json!({"name": "Billing", "category": "billing", "nextResponseTime": 1});
    let gone = policy(&app, gone).await;
    let all = policy(&app, json!({"name": "All", "nextResponseTime": 3})).await;
    let resolved = create(&app.admin, json!({})).await;
    let waiting = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(1));
    for ticket in [&resolved, &waiting] {
        say(&app, ticket, "agent", "Done").await;
    }
    patch(&app, &resolved, json!({"status": "resolved"})).await.data(200);
    let ended = app.admin.delete(&policy_path(&gone)).await;
    assert_eq!(ended.status, 204);
    work(&app).await;
    app.clock.advance(Duration::hours(1));
    let reopen = format!("{}/reopen", path(&resolved));
    app.admin.post(&reopen, json!({})).await.data(200);
    let resolution = clock(&app, &resolved, "resolution").await;
    assert_eq!((&resolution["state"], &resolution["policyId"]), (&json!("running"), &all["id"]));
    assert_eq!(resolution["consumedSeconds"], 3600);
    // Its clock ended with the policy; what is asked now is owed by the one that fits now.
    assert_eq!(clock(&app, &waiting, "resolution").await["state"], "cancelled");
    for ticket in [&resolved, &waiting] {
        say(&app, ticket, "customer", "It is not").await;
        let next = clock(&app, ticket, "next_response").await;
        assert_eq!((&next["state"], &next["policyId"]), (&json!("running"), &all["id"]));
        assert_eq!(next["targetSeconds"], 3 * 3600);
    }
    assert_eq!(clock(&app, &waiting, "resolution").await["state"], "cancelled");
}

#[tokio::test]
async fn another_priority_neither_counts_nor_forgives_time_by_hours_that_did_not_apply() {
    let app = TestApp::start().await;
    let closed = calendar(&app, "Wednesdays", &["wednesday"]).await;
    let low = json!({"name": "Low", "priority": "low", "calendarId": closed["id"]});
    policy(&app, low).await;
    policy(&app, json!({"name": "Urgent", "priority": "urgent", "firstResponseTime": 1})).await;
    let (night, day) = (json!({"priority": "low"}), json!({"priority": "urgent"}));
    let low = create(&app.admin, night.clone()).await;
    let urgent = create(&app.admin, day.clone()).await;
    app.clock.advance(Duration::minutes(50));
    patch(&app, &low, day).await.data(200);
    let first = clock(&app, &low, "first_response").await;
    assert_eq!((&first["consumedSeconds"], &first["breachedAt"]), (&json!(0), &json!(null)));
    assert_eq!(time(&first["dueAt"]), app.clock.now() + Duration::hours(1));
    patch(&app, &urgent, night).await.data(200);
    let first = clock(&app, &urgent, "first_response").await;
    assert_eq!(first["consumedSeconds"], 50 * 60);
    assert_eq!(first["dueAt"], json!("2026-03-04T03:10:00Z"));
    let intervals = first["intervals"].as_array().unwrap();
    let seconds: i64 = intervals.iter().map(|it| it["seconds"].as_i64().unwrap()).sum();
    assert_eq!((seconds, &first["pauses"]), (50 * 60, &json!([])));
}

#[tokio::test]
async fn a_warning_that_no_sweep_has_given_is_given_by_the_change_that_comes_first() {
    let app = TestApp::start().await;
    let warnings = json!([{"percent": 50, "metric": "first_response"}]);
    let warned = json!({"name": "Urgent", "priority": "urgent", "warnings": warnings});
    policy(&app, warned).await;
    policy(&app, json!({"name": "Critical", "priority": "critical", "firstResponseTime": 100}))
        .await;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(create(&app.admin, json!({"priority": "urgent"})).await);
    }
    app.clock.advance(Duration::hours(5));
    patch(&app, &tickets[0], json!({"priority": "critical"})).await.data(200);
    say(&app, &tickets[1], "agent", "At last").await;
    say(&app, &tickets[2], "customer", "Hello?").await;
    for ticket in &tickets[..3] {
        let noted = noted(&app, ticket).await;
        let place = |kind| noted.iter().position(|it| it == kind);
        assert!(place("sla_warned").unwrap() < place("sla_breached").unwrap(), "{noted:?}");
    }
    sweep(&app).await;
    for ticket in &tickets {
        assert_eq!(times(&app, ticket, "sla_warned").await, 1);
    }
    let answered = create(&app.admin, json!({"priority": "urgent"})).await;
    app.clock.advance(Duration::hours(2));
    say(&app, &answered, "agent", "In the very moment").await;
    sweep(&app).await;
    assert_eq!(times(&app, &answered, "sla_warned").await, 0);
}

#[tokio::test]
async fn another_policy_warns_of_its_own_deadline_and_repeats_nothing() {
    let app = TestApp::start().await;
    agent(&app, "Anna", json!({})).await;
    let of_first = |percent: i64| json!({"percent": percent, "metric": "first_response"});
    let high = json!({"name": "High", "priority": "high", "firstResponseTime": 2,
        "warnings": [of_first(50)]});
    policy(&app, high).await;
    let low = json!({"name": "Low", "priority": "low", "firstResponseTime": 8,
        "warnings": [of_first(50), of_first(10)]});
    policy(&app, low).await;
    let ticket = create(&app.admin, json!({"priority": "high"})).await;
    app.clock.advance(Duration::hours(1));
    sweep(&app).await;
    patch(&app, &ticket, json!({"priority": "low"})).await.data(200);
    sweep(&app).await;
    assert_eq!(times(&app, &ticket, "sla_warned").await, 1, "a tenth of eight hours says less");
    app.clock.advance(Duration::hours(3));
    sweep(&app).await;
    assert_eq!(times(&app, &ticket, "sla_warned").await, 2);
    let told: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sla_notifications WHERE kind = 'warning' AND channel = 'email'",
    )
    .fetch_one(app.database.db.pool())
    .await
    .unwrap();
    assert_eq!(told, 2, "people learn of both");
    // Back again: half of two hours is past, but that deadline was never told from there.
    patch(&app, &ticket, json!({"priority": "high"})).await.data(200);
    let first = clock(&app, &ticket, "first_response").await;
    assert_eq!(first["cause"], "retarget", "there is nothing left to warn of");
    assert_eq!(times(&app, &ticket, "sla_warned").await, 2);
}

#[tokio::test]
async fn an_escalation_that_raises_the_priority_goes_on_with_the_chain_of_the_next_policy() {
    let app = TestApp::start().await;
    agent(&app, "Anna", json!({})).await;
    let step = |minutes: i64, whom: &str, action: &str| json!({"afterMinutes": minutes, "recipients": [whom], "action": action});
    let high = json!([step(0, "assignee", "notify"), step(30, "team", "raise_priority")]);
    policy(&app, json!({"name": "High", "priority": "high", "escalations": high})).await;
    let urgent = json!([
        step(0, "supervisors", "notify"),
        step(0, "assignee", "notify"),
        step(15, "supervisors", "raise_priority"),
        step(60, "supervisors", "notify"),
    ]);
    policy(&app, json!({"name": "Urgent", "priority": "urgent", "escalations": urgent})).await;
    let ticket = create(&app.admin, json!({"priority": "high"})).await;
    app.clock.advance(Duration::hours(4));
    sweep(&app).await;
    work(&app).await;
    assert_eq!(times(&app, &ticket, "sla_escalated").await, 1);
    app.clock.advance(Duration::minutes(30));
    sweep(&app).await;
    work(&app).await;
    let escalated = times(&app, &ticket, "sla_escalated").await;
    assert_eq!(escalated, 3, "the supervisors hear of it, the assignee has");
    sweep(&app).await;
    work(&app).await;
    assert_eq!(now(&app, &ticket).await["priority"], "urgent", "it is raised once");
    app.clock.advance(Duration::minutes(30));
    sweep(&app).await;
    assert_eq!(times(&app, &ticket, "sla_escalated").await, 4);
    sweep(&app).await;
    assert_eq!(times(&app, &ticket, "sla_escalated").await, 4);
}

#[tokio::test]
async fn a_ticket_is_taken_from_its_agent_only_for_somebody_else() {
    let app = TestApp::start().await;
    let chain = json!([{"afterMinutes": 0, "recipients": ["assignee"], "action": "reassign"}]);
    let promise = json!({"name": "Refund", "category": "refund", "escalations": chain});
    policy(&app, promise).await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 50})).await;
    let alone = create(&app.admin, json!({"category": "refund"})).await;
    assert_eq!(alone["agentId"], anna["id"]);
    app.clock.advance(Duration::hours(4));
    sweep(&app).await;
    work(&app).await;
    let kept = now(&app, &alone).await;
    assert_eq!(kept["agentId"], anna["id"], "there is nobody else");
    let reply = app.admin.get(&format!("{}/events?limit=100", path(&alone))).await;
    let rows = reply.data(200).as_array().unwrap().clone();
    let entry = rows.iter().find(|row| row["type"] == "kept").unwrap();
    assert_eq!(entry["data"]["agentId"], anna["id"]);
    assert_eq!(entry["data"]["decision"]["chosen"], json!(null));
    let ticket = create(&app.admin, json!({"category": "refund"})).await;
    assert_eq!(ticket["agentId"], anna["id"]);
    // Busier than Anna, and the only other one.
    let boris = agent(&app, "Boris", json!({"maxConcurrentTickets": 3})).await;
    for _ in 0..2 {
        let other = create(&app.admin, json!({"category": "booking"})).await;
        patch(&app, &other, json!({"agentId": boris["id"]})).await.data(200);
    }
    app.clock.advance(Duration::hours(4));
    sweep(&app).await;
    work(&app).await;
    assert_eq!(now(&app, &ticket).await["agentId"], boris["id"]);
}

#[tokio::test]
async fn a_customer_who_waits_in_a_merged_ticket_is_waited_for_under_the_built_in_policy_too() {
    let app = TestApp::start().await;
    let merge = async |source: &Value, target: &Value| {
        let into = json!({"into": target["id"]});
        app.admin.post(&format!("{}/merge", path(source)), into).await.data(200);
    };
    let older = create(&app.admin, json!({})).await;
    let old = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::minutes(30));
    let silent = create(&app.admin, json!({})).await;
    let answered = create(&app.admin, json!({})).await;
    say(&app, &answered, "agent", "Good morning").await;
    merge(&older, &silent).await;
    let first = clock(&app, &silent, "first_response").await;
    assert_eq!(first["startedAt"], older["createdAt"]);
    assert_eq!(time(&first["dueAt"]), time(&older["createdAt"]) + Duration::hours(4));
    merge(&old, &answered).await;
    let owed = clock(&app, &answered, "next_response").await;
    assert_eq!((&owed["state"], &owed["startedAt"]), (&json!("running"), &old["createdAt"]));
    assert_eq!(time(&owed["dueAt"]), time(&old["createdAt"]) + Duration::hours(4));
    assert_eq!(clock(&app, &answered, "first_response").await["state"], "fulfilled");
    let source = create(&app.admin, json!({})).await;
    say(&app, &source, "agent", "Good morning").await;
    merge(&source, &silent).await;
    assert_eq!(clock(&app, &silent, "first_response").await["state"], "running");
    assert_eq!(now(&app, &silent).await["firstResponseAt"], json!(null));
    assert!(clocks(&app, &silent).await.iter().all(|it| it["metric"] != "next_response"));
}

#[tokio::test]
async fn a_longer_target_does_not_make_the_sentence_about_the_missed_one_untrue() {
    let app = TestApp::start().await;
    policy(&app, json!({"name": "Urgent", "priority": "urgent", "firstResponseTime": 1})).await;
    let swept = create(&app.admin, json!({"priority": "urgent"})).await;
    let changed = create(&app.admin, json!({"priority": "urgent"})).await;
    app.clock.advance(Duration::hours(2));
    check(&app, &swept).await;
    for ticket in [&swept, &changed] {
        patch(&app, ticket, json!({"priority": "low"})).await.data(200);
        let found = check(&app, ticket).await;
        let message = "First response SLA violated: 2.00h > 1h";
        assert_eq!(found["violations"][0]["message"], message);
    }
    app.clock.advance(Duration::hours(3));
    let found = check(&app, &swept).await;
    assert_eq!(found["violations"][0]["message"], "First response SLA violated: 5.00h > 4h");
}
