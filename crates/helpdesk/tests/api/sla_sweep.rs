use std::collections::HashSet;

use chrono::Duration;
use kamhub_helpdesk::sla::jobs::run_sweep;
use kamhub_kernel::Clock as _;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::sla::{clock, policy, sweep, time};
use crate::speaking::{say, told};
use crate::support::{agent, create, patch, path};

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(app.database.db.pool()).await.unwrap()
}

/// What the clocks noted in the timeline, in order.
async fn noted(app: &TestApp, ticket: &Value) -> Vec<String> {
    let reply = app.admin.get(&format!("{}/events?limit=100", path(ticket))).await;
    let rows = reply.data(200).as_array().unwrap().clone();
    let kinds = rows.iter().map(|row| row["type"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind.starts_with("sla_")).collect()
}

#[tokio::test]
async fn a_sweep_notes_the_deadline_itself_and_when_it_looked() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let due = time(&ticket["slaDueAt"]);
    app.clock.advance(Duration::hours(4) - Duration::seconds(1));
    sweep(&app).await;
    assert_eq!(clock(&app, &ticket, "first_response").await["breachedAt"], json!(null));
    app.clock.advance(Duration::seconds(1));
    sweep(&app).await;
    let seen = clock(&app, &ticket, "first_response").await;
    assert_eq!((time(&seen["breachedAt"]), time(&seen["detectedAt"])), (due, app.clock.now()));
    app.clock.advance(Duration::hours(1));
    sweep(&app).await;
    assert_eq!(clock(&app, &ticket, "first_response").await["detectedAt"], seen["detectedAt"]);
    assert_eq!(told(&app, "sla.violation_detected").await, 1);
    assert_eq!(noted(&app, &ticket).await, ["sla_breached"]);
}

#[tokio::test]
async fn warnings_come_before_a_breach_and_late_ones_are_given_all_the_same() {
    let app = TestApp::start().await;
    let warnings = json!([{"percent": 50}, {"metric": "first_response", "minutesBefore": 30}]);
    policy(&app, json!({"name": "Warned", "warnings": warnings})).await;
    let early = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(2));
    sweep(&app).await;
    assert_eq!(noted(&app, &early).await, ["sla_warned"]);
    assert_eq!(time(&clock(&app, &early, "first_response").await["warnedAt"]), app.clock.now());
    say(&app, &early, "agent", "Good morning").await;
    let late = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(5));
    sweep(&app).await;
    assert_eq!(noted(&app, &late).await, ["sla_warned", "sla_warned", "sla_breached"]);
    assert_eq!(noted(&app, &early).await, ["sla_warned"], "an answered ticket needs no warning");
    assert_eq!(told(&app, "sla.warning").await, 3);
    sweep(&app).await;
    assert_eq!(told(&app, "sla.warning").await, 3);
}

#[tokio::test]
async fn an_escalation_goes_on_until_somebody_acknowledges() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({})).await;
    let chain = json!([
        {"afterMinutes": 0, "recipients": ["assignee"]},
        {"afterMinutes": 30, "recipients": ["team"], "action": "raise_priority"},
        {"afterMinutes": 60, "recipients": ["supervisors"], "action": "reassign"},
        {"afterMinutes": 120, "recipients": ["supervisors"]},
    ]);
    policy(&app, json!({"name": "Chain", "escalations": chain})).await;
    let ticket = create(&app.admin, json!({"priority": "high"})).await;
    assert_eq!(ticket["agentId"], anna["id"]);
    agent(&app, "Boris", json!({})).await;
    let work = || async {
        sweep(&app).await;
        let registry = kamhub_helpdesk::jobs::registry(&app.app).unwrap();
        let options = kamhub_jobs::WorkerOptions::default();
        let worker = kamhub_jobs::Worker::new(app.app.queue.clone(), registry, options);
        let report = worker.drain().await.unwrap();
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        app.admin.get(&path(&ticket)).await.data(200).clone()
    };
    app.clock.advance(Duration::hours(4));
    assert_eq!(work().await["priority"], "high");
    assert_eq!(noted(&app, &ticket).await, ["sla_breached", "sla_escalated"]);
    app.clock.advance(Duration::minutes(30));
    assert_eq!(work().await["priority"], "urgent");
    app.clock.advance(Duration::minutes(30));
    assert_ne!(work().await["agentId"], anna["id"]);
    let list = app.admin.get("/api/support/sla/violations").await;
    let id = list.data(200)[0]["id"].as_str().unwrap().to_owned();
    let seen = format!("/api/support/sla/violations/{id}/acknowledge");
    app.admin.post(&seen, json!({})).await.data(200);
    app.clock.advance(Duration::hours(5));
    work().await;
    let escalated = noted(&app, &ticket).await.iter().filter(|it| *it == "sla_escalated").count();
    assert_eq!(escalated, 3, "the last one is not made");
}

#[tokio::test]
async fn a_backlog_is_worked_off_in_the_order_of_the_deadlines() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.insert(0, create(&app.admin, json!({})).await["id"].as_str().unwrap().to_owned());
        app.clock.set(app.clock.now() - Duration::minutes(1));
    }
    app.clock.advance(Duration::hours(6));
    sweep(&app).await;
    let order: Vec<String> = sqlx::query_scalar(
        "SELECT data->>'ticketId' FROM event_outbox WHERE type = 'sla.violation_detected' ORDER BY id",
    )
    .fetch_all(app.database.db.pool())
    .await
    .unwrap();
    assert_eq!(order, made);
}

#[tokio::test]
async fn what_somebody_is_changing_is_left_to_them_and_done_by_the_next_sweep() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(5));
    let mut tx = app.app.db.begin().await.unwrap();
    sqlx::query("SELECT FROM tickets FOR UPDATE").execute(&mut *tx).await.unwrap();
    sweep(&app).await;
    assert_eq!(count(&app, "SELECT count(*) FROM sla_violations").await, 0);
    tx.rollback().await.unwrap();
    let changed = patch(&app, &ticket, json!({"status": "in_progress"})).await;
    changed.data(200);
    assert_eq!(
        count(&app, "SELECT count(*) FROM sla_violations").await,
        1,
        "the change looked too"
    );
    sweep(&app).await;
    assert_eq!(told(&app, "sla.violation_detected").await, 1);
}

#[tokio::test]
async fn many_sweeps_at_once_find_every_breach_and_none_twice() {
    let app = TestApp::start().await;
    let template = create(&app.admin, json!({})).await;
    let clocks = 20_000;
    let many = clocks / 2 - 1;
    let insert = "INSERT INTO tickets (subject, description, customer_name, customer_email, queue_at, created_at, sla_due_at)
         SELECT subject, description, customer_name, customer_email, queue_at, created_at, sla_due_at
         FROM tickets, generate_series(1, $1) WHERE id = $2";
    let id: i64 = template["id"].as_str().unwrap().parse().unwrap();
    let pool = app.database.db.pool();
    sqlx::query(insert).bind(many).bind(id).execute(pool).await.unwrap();
    for (table, columns) in [
        ("sla_tickets", "policy_id, policy_version_id, calendar_id, calendar_version_id, phase, last_at, open_clocks, next_step_at"),
        ("sla_clocks", "metric, number, place, policy_id, policy_version_id, calendar_id, calendar_version_id, target_seconds,
            consumed_seconds, state, started_at, running_since, due_at"),
    ] {
        let copy = format!(
            "INSERT INTO {table} (ticket_id, {columns}) SELECT tickets.id, {columns}
             FROM {table}, tickets WHERE ticket_id = $1 AND tickets.id <> $1"
        );
        sqlx::query(sqlx::AssertSqlSafe(copy)).bind(id).execute(pool).await.unwrap();
    }
    app.clock.advance(Duration::hours(25));
    let sweeps = (0..8).map(|_| {
        let app = app.app.clone();
        tokio::spawn(async move { run_sweep(app).await.unwrap() })
    });
    for sweep in sweeps.collect::<Vec<_>>() {
        sweep.await.unwrap();
    }
    sweep(&app).await;
    let violations: Vec<(i64, String)> =
        sqlx::query_as("SELECT ticket_id, violation_type FROM sla_violations")
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(violations.len(), clocks as usize, "none is missed");
    assert_eq!(violations.iter().collect::<HashSet<_>>().len(), violations.len());
    assert_eq!(told(&app, "sla.violation_detected").await, i64::from(clocks), "each is told once");
    assert_eq!(
        count(&app, "SELECT count(*) FROM ticket_events WHERE type = 'sla_breached'").await,
        i64::from(clocks)
    );
    assert_eq!(
        count(
            &app,
            "SELECT count(*) FROM sla_clocks WHERE state = 'running' AND breached_at IS NULL"
        )
        .await,
        0
    );
    let (due, none): (i64, i64) =
        (count(&app, "SELECT count(*) FROM sla_tickets WHERE next_step_at IS NOT NULL").await, 0);
    assert_eq!(due, none, "nothing is left to do");
}
