use chrono::Duration;
use kamhub_kernel::{Clock as _, Role};
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::sla::{sweep, waiting_since};
use crate::speaking::{post, say};
use crate::support::{agent, create, patch, path};

async fn compliance(app: &TestApp, query: &str) -> Value {
    let reply = app.admin.get(&format!("/api/support/sla/compliance{query}")).await;
    reply.data(200).clone()
}

/// A ticket that was answered in time so long ago, and never resolved.
async fn answered_and_forgotten(app: &TestApp, ago: Duration) {
    let ticket = waiting_since(app, ago, json!({})).await;
    let answer = json!({"senderType": "agent", "message": "We look into it",
        "createdAt": app.clock.now() - ago + Duration::hours(1)});
    post(app, &ticket, answer).await.data(201);
}

fn group<'a>(groups: &'a Value, key: &Value) -> &'a Value {
    let found = groups["groups"].as_array().unwrap().iter().find(|group| group["key"] == *key);
    found.unwrap_or_else(|| panic!("no group {key} in {groups}"))
}

#[tokio::test]
async fn the_specifications_example_comes_out_of_backdated_tickets() {
    let app = TestApp::start().await;
    for _ in 0..12 {
        waiting_since(&app, Duration::hours(6), json!({})).await;
    }
    for _ in 0..8 {
        answered_and_forgotten(&app, Duration::hours(30)).await;
    }
    for _ in 0..130 {
        create(&app.admin, json!({})).await;
    }
    sweep(&app).await;
    let figures = compliance(&app, "?from=2026-02-28&to=2026-03-02").await;
    let period = json!({"from": "2026-02-28T00:00:00Z", "to": "2026-03-02T23:59:59.999999Z"});
    for (field, expected) in [
        ("period", period),
        ("totalTickets", json!(150)),
        ("firstResponseViolations", json!(12)),
        ("resolutionViolations", json!(8)),
        ("totalViolations", json!(20)),
        ("compliancePercentage", json!(86.67)),
    ] {
        assert_eq!(figures[field], expected, "{field}");
    }
    assert_eq!((&figures["groupBy"], &figures["groups"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn a_ticket_with_two_violations_counts_once_and_no_tickets_are_a_hundred_per_cent() {
    let app = TestApp::start().await;
    let nothing = compliance(&app, "").await;
    assert_eq!(
        (&nothing["totalTickets"], &nothing["compliancePercentage"]),
        (&json!(0), &json!(100.0))
    );
    assert_eq!(nothing["instances"]["compliancePercentage"], 100.0);
    assert_eq!(nothing["period"]["from"], "2026-01-31T03:00:00Z");
    waiting_since(&app, Duration::hours(30), json!({})).await;
    let gone = waiting_since(&app, Duration::hours(30), json!({})).await;
    create(&app.admin, json!({})).await;
    sweep(&app).await;
    assert_eq!(app.admin.delete(&path(&gone)).await.status, 204);
    let figures = compliance(&app, "").await;
    assert_eq!(figures["totalTickets"], 2);
    assert_eq!(figures["totalViolations"], 2);
    assert_eq!(figures["compliancePercentage"], 50.0);
    // Another period has other tickets.
    assert_eq!(compliance(&app, "?to=2026-02-20").await["totalTickets"], 0);
}

#[tokio::test]
async fn wrong_periods_and_groups_are_told_by_field() {
    let app = TestApp::start().await;
    for (query, field) in [
        ("?from=2026-03-02&to=2026-03-01", "from"),
        ("?from=2024-01-01&to=2026-03-01", "from"),
        ("?from=yesterday", "from"),
        ("?to=2026-02-30", "to"),
        ("?groupBy=moon", "groupBy"),
    ] {
        let reply = app.admin.get(&format!("/api/support/sla/compliance{query}")).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")[field].is_string(), "{query}");
    }
    let full = compliance(&app, "?from=2026-03-01T00:00:00Z&to=2026-03-01T12:00:00Z").await;
    assert_eq!(full["period"]["to"], "2026-03-01T12:00:00Z");
    app.key(Role::Viewer, None).await.get("/api/support/sla/compliance").await.data(200);
}

#[tokio::test]
async fn instances_are_counted_when_their_target_ended_and_oddities_apart() {
    let app = TestApp::start().await;
    // Both met.
    let good = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(1));
    say(&app, &good, "agent", "Done").await;
    patch(&app, &good, json!({"status": "resolved"})).await.data(200);
    // Answered too late; the resolution still waits.
    let late = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(5));
    sweep(&app).await;
    let overdue = compliance(&app, "").await;
    assert_eq!(overdue["instances"]["runningOverdue"], 1);
    assert_eq!(overdue["instances"]["breached"], 0);
    say(&app, &late, "agent", "Sorry").await;
    // Cancelled.
    let gone = create(&app.admin, json!({})).await;
    assert_eq!(app.admin.delete(&path(&gone)).await.status, 204);
    // Missed by another target: an hour had passed when half an hour became enough.
    let tight = json!({"name": "Tight", "priority": "critical", "firstResponseMinutes": 30,
        "resolutionTime": 24});
    app.admin.post("/api/support/sla/policies", tight).await.data(201);
    let moved = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(1));
    patch(&app, &moved, json!({"priority": "critical"})).await.data(200);
    let figures = compliance(&app, "").await;
    let by = |metric: &str| {
        let all = figures["byMetric"].as_array().unwrap();
        all.iter().find(|row| row["metric"] == metric).unwrap().clone()
    };
    let expected = |met, breached, share, retargeted, cancelled| {
        json!({"met": met, "breached": breached, "compliancePercentage": share,
            "runningOverdue": 0, "retargeted": retargeted, "cancelled": cancelled})
    };
    let mut first = expected(1, 1, 50.0, 1, 1);
    first["metric"] = json!("first_response");
    let mut resolution = expected(1, 0, 100.0, 0, 1);
    resolution["metric"] = json!("resolution");
    // The late answer came: it is a breach now, and no longer waited for.
    assert_eq!(by("first_response")["breached"], 1);
    let mut found = by("first_response");
    found["runningOverdue"] = json!(0);
    first["retargeted"] = found["retargeted"].clone();
    assert_eq!(found, first);
    assert_eq!(by("resolution"), resolution);
    assert_eq!(figures["instances"]["met"], 2);
    assert_eq!(figures["instances"]["retargeted"], 1);
    assert_eq!(figures["instances"]["compliancePercentage"], 66.67);
}

#[tokio::test]
async fn groups_are_by_team_agent_category_priority_or_day() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"status": "offline"})).await;
    let owned = waiting_since(&app, Duration::hours(30), json!({"category": "refund"})).await;
    patch(&app, &owned, json!({"agentId": anna["id"], "team": "Bookings"})).await.data(200);
    let kept = create(&app.admin, json!({"category": "billing", "priority": "low"})).await;
    say(&app, &kept, "agent", "Here you are").await;
    sweep(&app).await;
    let all = compliance(&app, "?groupBy=category").await;
    assert_eq!(all["groupBy"], "category");
    let refund = group(&all, &json!("refund"));
    assert_eq!((&refund["totalTickets"], &refund["totalViolations"]), (&json!(1), &json!(2)));
    assert_eq!(
        (&refund["compliancePercentage"], &refund["instances"]["runningOverdue"]),
        (&json!(0.0), &json!(2))
    );
    let billing = group(&all, &json!("billing"));
    assert_eq!(
        (&billing["compliancePercentage"], &billing["instances"]["met"]),
        (&json!(100.0), &json!(1))
    );
    let sum = |field: &str| -> i64 {
        let groups = all["groups"].as_array().unwrap();
        groups.iter().map(|group| group[field].as_i64().unwrap()).sum()
    };
    assert_eq!(sum("totalTickets"), all["totalTickets"].as_i64().unwrap());
    assert_eq!(sum("totalViolations"), all["totalViolations"].as_i64().unwrap());
    let agents = compliance(&app, "?groupBy=AGENT").await;
    assert_eq!(group(&agents, &anna["id"])["name"], "Anna");
    assert_eq!(group(&agents, &Value::Null)["totalTickets"], 1);
    let teams = compliance(&app, "?groupBy=team").await;
    assert_eq!(group(&teams, &json!("Bookings"))["totalViolations"], 2);
    assert_eq!(teams["groups"].as_array().unwrap().last().unwrap()["key"], Value::Null);
    let priorities = compliance(&app, "?groupBy=priority").await;
    assert_eq!(group(&priorities, &json!("low"))["totalTickets"], 1);
    let days = compliance(&app, "?groupBy=day").await;
    assert_eq!(group(&days, &json!("2026-02-28"))["totalTickets"], 1);
    assert_eq!(group(&days, &json!("2026-03-02"))["totalTickets"], 1);
    // The targets of the forgotten ticket ended on the day after.
    assert_eq!(group(&days, &json!("2026-03-01"))["instances"]["runningOverdue"], 2);
}
