use chrono::{DateTime, Duration, Utc};
use kamhub_helpdesk::sla::jobs::run_sweep;
use kamhub_kernel::{Clock as _, Role};
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::speaking::{customer, person, say, told};
use crate::support::{agent, create, patch, path};

/// A ticket for which somebody has been waiting since so long ago.
pub async fn waiting_since(app: &TestApp, ago: Duration, changes: Value) -> Value {
    let mut changes = changes;
    changes["createdAt"] = json!(app.clock.now() - ago);
    create(&app.admin, changes).await
}

/// A policy with what the test says otherwise.
pub async fn policy(app: &TestApp, changes: Value) -> Value {
    let mut body = json!({"name": "Promise", "firstResponseTime": 4, "resolutionTime": 24});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    app.admin.post("/api/support/sla/policies", body).await.data(201).clone()
}

/// All clocks of a ticket.
pub async fn clocks(app: &TestApp, ticket: &Value) -> Vec<Value> {
    let reply = app.admin.get(&format!("{}/sla", path(ticket))).await;
    reply.data(200)["clocks"].as_array().unwrap().clone()
}

/// The last clock of a metric.
pub async fn clock(app: &TestApp, ticket: &Value, metric: &str) -> Value {
    let all = clocks(app, ticket).await;
    let found = all.iter().rev().find(|clock| clock["metric"] == metric);
    found.unwrap_or_else(|| panic!("no clock {metric} among {all:?}")).clone()
}

/// An instant of an answer.
pub fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().unwrap()
}

pub async fn check(app: &TestApp, ticket: &Value) -> Value {
    app.admin.post("/api/support/sla", json!({"ticketId": ticket["id"]})).await.data(200).clone()
}

/// Does what is due now.
pub async fn sweep(app: &TestApp) {
    run_sweep(app.app.clone()).await.unwrap();
}

async fn violations(app: &TestApp, query: &str) -> Vec<Value> {
    let reply = app.admin.get(&format!("/api/support/sla/violations{query}")).await;
    reply.data(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn a_check_answers_as_the_specification_prints_it() {
    let app = TestApp::start().await;
    let ticket = waiting_since(&app, Duration::minutes(330), json!({})).await;
    let body = json!({"ticketId": ticket["id"]});
    let reply = app.admin.post("/api/support/sla", body).await;
    let printed = json!({
        "success": true, "data": {"violated": true, "violations": [{"type": "FIRST_RESPONSE_SLA",
            "message": "First response SLA violated: 5.50h > 4h"}], "policyId": "1"}
    });
    reply.data(200);
    assert_eq!(reply.json, printed);
}

#[tokio::test]
async fn a_check_finds_every_violation_once_and_knows_unknown_tickets() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(4) - Duration::seconds(1));
    let kept = check(&app, &ticket).await;
    assert_eq!(kept, json!({"violated": false, "violations": [], "policyId": "1"}));
    app.clock.advance(Duration::hours(21));
    let missed = check(&app, &ticket).await;
    let types: Vec<_> =
        missed["violations"].as_array().unwrap().iter().map(|it| it["type"].clone()).collect();
    assert_eq!(types, ["FIRST_RESPONSE_SLA", "RESOLUTION_SLA"]);
    assert_eq!(check(&app, &ticket).await, missed, "asked again, nothing changes");
    sweep(&app).await;
    assert_eq!(violations(&app, "").await.len(), 2);
    assert_eq!(told(&app, "sla.violation_detected").await, 2);
    for id in [json!("999"), json!(999)] {
        app.admin.post("/api/support/sla", json!({"ticketId": id})).await.fault(404, "NOT_FOUND");
    }
    for body in
        [json!({}), json!({"ticketId": null}), json!({"ticketId": "x"}), json!({"ticketId": 0})]
    {
        let reply = app.admin.post("/api/support/sla", body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["ticketId"].is_string());
    }
}

#[tokio::test]
async fn the_message_counts_business_time_until_the_target_was_reached() {
    let app = TestApp::start().await;
    policy(
        &app,
        json!({"name": "Half an hour", "firstResponseMinutes": 30, "firstResponseTime": null}),
    )
    .await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::minutes(75));
    say(&app, &ticket, "agent", "At last").await;
    app.clock.advance(Duration::minutes(75));
    let found = check(&app, &ticket).await;
    let message = "First response SLA violated: 1.25h > 0.5h";
    assert_eq!(found["violations"][0]["message"], message);
    assert_eq!(violations(&app, "").await[0]["message"], message);
}

#[tokio::test]
async fn violations_are_listed_by_type_agent_time_and_whether_anybody_saw_them() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"status": "offline"})).await;
    let first = create(&app.admin, json!({})).await;
    patch(&app, &first, json!({"agentId": anna["id"]})).await.data(200);
    app.clock.advance(Duration::hours(1));
    create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(30));
    sweep(&app).await;
    let all = violations(&app, "").await;
    assert_eq!(all.len(), 4);
    let breached: Vec<_> = all.iter().map(|it| time(&it["breachedAt"])).collect();
    assert!(breached.is_sorted_by(|one, next| one >= next), "the latest first");
    assert_eq!(violations(&app, "?type=first_response_sla").await.len(), 2);
    let of_anna = violations(&app, &format!("?agentId={}", anna["id"].as_str().unwrap())).await;
    assert!(of_anna.len() == 2 && of_anna.iter().all(|it| it["ticketId"] == first["id"]));
    let from = (breached[1] + Duration::seconds(0)).format("%Y-%m-%dT%H:%M:%SZ");
    assert_eq!(violations(&app, &format!("?from={from}")).await.len(), 2);
    assert_eq!(violations(&app, &format!("?to={from}")).await.len(), 3);
    let page = app.admin.get("/api/support/sla/violations?limit=3").await;
    assert_eq!(
        (page.json["total"].clone(), page.data(200).as_array().unwrap().len()),
        (json!(4), 3)
    );
    let cursor = page.json["nextCursor"].as_str().unwrap();
    assert_eq!(violations(&app, &format!("?limit=3&cursor={cursor}")).await, all[3..]);
    let id = all[0]["id"].as_str().unwrap();
    let seen = app
        .admin
        .post(&format!("/api/support/sla/violations/{id}/acknowledge"), json!({"note": "Called"}))
        .await;
    assert_eq!(seen.data(200)["acknowledged"], json!(true));
    assert_eq!(violations(&app, "?acknowledged=true").await.len(), 1);
    assert_eq!(violations(&app, "?acknowledged=false").await.len(), 3);
    for wrong in ["?type=nonsense", "?acknowledged=perhaps", "?cursor=x", "?limit=0", "?from=x"] {
        let reply = app.admin.get(&format!("/api/support/sla/violations{wrong}")).await;
        reply.fault(400, "VALIDATION_FAILED");
    }
    let of_ticket =
        format!("/api/support/sla/violations/{}", first["ticketNumber"].as_str().unwrap());
    let rows = app.admin.get(&of_ticket).await.data(200).as_array().unwrap().clone();
    assert_eq!(rows.len(), 2);
    app.admin.get("/api/support/sla/violations/999").await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_first_who_acknowledges_a_violation_stays() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(5));
    check(&app, &ticket).await;
    let id = violations(&app, "").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/support/sla/violations/{id}/acknowledge");
    let anna = person(&app).await;
    let seen = anna.post(&path, json!({"note": "I call them"})).await.data(200).clone();
    assert_eq!(
        (&seen["note"], &seen["acknowledgedAt"]),
        (&json!("I call them"), &json!(app.clock.now()))
    );
    let name = seen["acknowledgedByName"].clone();
    app.clock.advance(Duration::hours(1));
    let again = app.admin.post(&path, json!({"note": "Me too"})).await.data(200).clone();
    assert_eq!((&again["note"], &again["acknowledgedByName"]), (&json!("I call them"), &name));
    assert_eq!(again["acknowledgedAt"], seen["acknowledgedAt"]);
    assert_eq!(told(&app, "sla.violation_acknowledged").await, 1);
    app.admin
        .post("/api/support/sla/violations/999/acknowledge", json!({}))
        .await
        .fault(404, "NOT_FOUND");
    let viewer = app.key(Role::Viewer, None).await;
    viewer.post(&path, json!({})).await.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_clock_is_explained_by_its_intervals_pauses_and_holidays() {
    let app = TestApp::start().await;
    let day = json!([{"start": "09:00", "end": "18:00"}]);
    let calendar = json!({
        "name": "Kamchatka", "zone": "Asia/Kamchatka",
        "weekly": {"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day},
        "holidays": [{"date": "2026-03-03", "name": "Day off"}],
    });
    let calendar = app.admin.post("/api/support/calendars", calendar).await.data(201).clone();
    policy(
        &app,
        json!({"name": "Office hours", "calendarId": calendar["id"], "resolutionTime": 8}),
    )
    .await;
    // Monday, 15:00 in Kamchatka: three hours until closing, and Tuesday is off.
    let ticket = create(&app.admin, json!({})).await;
    let first = clock(&app, &ticket, "first_response").await;
    assert_eq!(first["dueAt"], json!("2026-03-03T22:00:00Z"), "Wednesday, 10:00");
    assert_eq!(ticket["slaDueAt"], first["dueAt"]);
    app.clock.advance(Duration::hours(1));
    patch(&app, &ticket, json!({"status": "on_hold"})).await.data(200);
    app.clock.advance(Duration::hours(1));
    patch(&app, &ticket, json!({"status": "in_progress"})).await.data(200);
    app.clock.advance(Duration::hours(30));
    let resolution = clock(&app, &ticket, "resolution").await;
    let intervals = resolution["intervals"].as_array().unwrap();
    let seconds: i64 = intervals.iter().map(|it| it["seconds"].as_i64().unwrap()).sum();
    assert_eq!((seconds, &resolution["consumedSeconds"]), (2 * 3600, &json!(2 * 3600)));
    assert_eq!(intervals.len(), 2);
    let pause = &resolution["pauses"][0];
    assert_eq!(pause["reason"], "on_hold");
    assert_eq!(time(&pause["to"]) - time(&pause["from"]), Duration::hours(1));
    assert_eq!(
        resolution["holidays"],
        json!([{"date": "2026-03-03", "name": "Day off", "closed": true}])
    );
    assert_eq!(resolution["timeZone"], "Asia/Kamchatka");
    assert_eq!(resolution["calendarName"], "Kamchatka");
    let customer = customer(&app, &ticket);
    let seen = customer.get(&format!("{}/sla", path(&ticket))).await.data(200).clone();
    assert_eq!(seen, json!({"ticketId": ticket["id"], "expectedAnswerAt": first["dueAt"]}));
    app.anonymous.get(&format!("{}/sla", path(&ticket))).await.fault(401, "UNAUTHENTICATED");
    app.admin.get("/api/support/tickets/999/sla").await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn tickets_that_are_older_than_the_clocks_get_theirs_from_the_timeline() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(1));
    say(&app, &ticket, "agent", "We look into it").await;
    app.clock.advance(Duration::hours(1));
    patch(&app, &ticket, json!({"status": "on_hold"})).await.data(200);
    let before = clocks(&app, &ticket).await;
    for forget in [
        "DELETE FROM sla_clocks",
        "DELETE FROM sla_tickets",
        "UPDATE ticket_events SET data = data - 'sla' - 'byCustomer'",
        "UPDATE tickets SET sla_due_at = NULL",
    ] {
        sqlx::query(forget).execute(app.database.db.pool()).await.unwrap();
    }
    app.clock.advance(Duration::hours(1));
    kamhub_helpdesk::sla::jobs::run_adopt(app.app.clone()).await.unwrap();
    let after = clocks(&app, &ticket).await;
    assert_eq!(after.len(), before.len());
    for (one, other) in before.iter().zip(&after) {
        for field in
            ["metric", "state", "startedAt", "dueAt", "fulfilledAt", "targetSeconds", "pauses"]
        {
            assert_eq!(one[field], other[field], "{field}");
        }
    }
}
