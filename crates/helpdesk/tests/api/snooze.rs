use chrono::Duration;
use kamhub_helpdesk::tickets::service::backlog;
use kamhub_testkit::TestApp;
use serde_json::json;

use crate::sla::policy;
use crate::speaking::{clock, customer, kinds, now, post, say, time};
use crate::support::{agent, bring_to, create, path};

/// Brings back one ticket whose snooze is over.
async fn wake(app: &TestApp) -> bool {
    let mut tx = app.app.db.begin().await.unwrap();
    let woken = backlog::wake_snoozed(&mut tx, &*app.clock).await.unwrap();
    tx.commit().await.unwrap();
    woken
}

#[tokio::test]
async fn a_snoozed_ticket_comes_back_at_its_time() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let until = clock(&app) + Duration::hours(2);
    let target = format!("{}/snooze", path(&ticket));
    let reply = app.admin.post(&target, json!({"until": until})).await;
    assert_eq!(time(&reply.data(200)["snoozedUntil"]), until);
    let wake = async || wake(&app).await;
    assert!(!wake().await);
    let anna = agent(&app, "Anna", json!({})).await;
    app.clock.set(until);
    assert!(wake().await);
    let after = now(&app, &ticket).await;
    assert_eq!((&after["snoozedUntil"], &after["agentId"]), (&json!(null), &anna["id"]));
    assert_eq!(kinds(&app, &ticket).await, ["snoozed", "woken", "assigned"]);
}

#[tokio::test]
async fn a_snooze_ends_early_on_request_and_twice_is_no_fault() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let target = format!("{}/snooze", path(&ticket));
    app.admin.post(&target, json!({"until": clock(&app) + Duration::hours(2)})).await.data(200);
    for _ in 0..2 {
        assert_eq!(app.admin.delete(&target).await.data(200)["snoozedUntil"], json!(null));
    }
    assert_eq!(kinds(&app, &ticket).await, ["snoozed", "unsnoozed"]);
}

#[tokio::test]
async fn a_reply_from_either_side_ends_a_snooze_and_a_note_does_not() {
    let app = TestApp::start().await;
    for who in ["customer", "agent"] {
        let ticket = create(&app.admin, json!({})).await;
        let until = clock(&app) + Duration::hours(2);
        app.admin
            .post(&format!("{}/snooze", path(&ticket)), json!({"until": until}))
            .await
            .data(200);
        for silent in [
            json!({"message": "A note", "isInternal": true}),
            json!({"message": "I am away", "isAutomatic": true, "senderType": who}),
        ] {
            post(&app, &ticket, silent).await.data(201);
            assert!(now(&app, &ticket).await["snoozedUntil"].is_string());
        }
        say(&app, &ticket, who, "Here I am").await;
        assert_eq!(now(&app, &ticket).await["snoozedUntil"], json!(null), "after the {who}");
    }
}

#[tokio::test]
async fn a_waiting_ticket_that_is_woken_by_a_reply_is_given_to_an_agent() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let until = clock(&app) + Duration::hours(2);
    app.admin.post(&format!("{}/snooze", path(&ticket)), json!({"until": until})).await.data(200);
    let anna = agent(&app, "Anna", json!({})).await;
    assert_eq!(now(&app, &ticket).await["agentId"], json!(null), "out of sight");
    say(&app, &ticket, "customer", "Sooner, please").await;
    assert_eq!(now(&app, &ticket).await["agentId"], anna["id"]);
}

#[tokio::test]
async fn a_snooze_that_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let target = format!("{}/snooze", path(&ticket));
    let now = clock(&app);
    for body in [
        json!({}),
        json!({"untilReply": false}),
        json!({"until": "tomorrow"}),
        json!({"until": now}),
        json!({"until": now + Duration::days(365) + Duration::seconds(1)}),
    ] {
        let reply = app.admin.post(&target, body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["until"].is_string());
    }
    app.admin.post(&target, json!({"until": now + Duration::days(365)})).await.data(200);
    for state in ["resolved", "closed"] {
        let ticket = create(&app.admin, json!({})).await;
        bring_to(&app, &ticket, state).await;
        let body = json!({"until": now + Duration::hours(1)});
        let reply = app.admin.post(&format!("{}/snooze", path(&ticket)), body).await;
        reply.fault(409, "INVALID_TICKET_STATUS");
    }
    let late = json!({"until": now + Duration::hours(1)});
    app.admin.post("/api/support/tickets/999/snooze", late).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_ticket_is_snoozed_until_a_reply_without_a_time() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let target = format!("{}/snooze", path(&ticket));
    let snoozed = app.admin.post(&target, json!({"untilReply": true})).await.data(200).clone();
    assert_eq!(time(&snoozed["snoozedUntil"]), clock(&app) + Duration::days(365));
    app.clock.advance(Duration::days(300));
    assert!(!wake(&app).await);
    say(&app, &ticket, "customer", "Here I am").await;
    assert_eq!(now(&app, &ticket).await["snoozedUntil"], json!(null));
}

#[tokio::test]
async fn a_snooze_with_a_slack_limit_ends_when_the_deadline_is_as_near_wherever_that_moves() {
    let app = TestApp::start().await;
    policy(&app, json!({})).await;
    let ticket = create(&app.admin, json!({})).await;
    let target = format!("{}/snooze", path(&ticket));
    let left = (time(&ticket["slaDueAt"]) - clock(&app)).num_minutes();
    for (body, field) in [
        (json!({"slackMinutes": 0}), "slackMinutes"),
        (json!({"slackMinutes": 43_201}), "slackMinutes"),
        (json!({"slackMinutes": left}), "slackMinutes"),
    ] {
        let reply = app.admin.post(&target, body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")[field].is_string());
    }
    let snoozed = app.admin.post(&target, json!({"slackMinutes": 30})).await.data(200).clone();
    assert_eq!(snoozed["snoozeSlackMinutes"], 30);
    app.clock.set(time(&ticket["slaDueAt"]) - Duration::minutes(31));
    assert!(!wake(&app).await);
    app.clock.advance(Duration::minutes(1));
    assert!(wake(&app).await);
    let after = now(&app, &ticket).await;
    assert_eq!(
        (&after["snoozedUntil"], &after["snoozeSlackMinutes"]),
        (&json!(null), &json!(null))
    );
    assert!(!wake(&app).await);
    // Without a deadline nothing would end it.
    let quiet = create(&app.admin, json!({})).await;
    sqlx::query("UPDATE tickets SET sla_due_at = NULL WHERE id = $1")
        .bind(quiet["id"].as_str().unwrap().parse::<i64>().unwrap())
        .execute(app.database.db.pool())
        .await
        .unwrap();
    let target = format!("{}/snooze", path(&quiet));
    let reply = app.admin.post(&target, json!({"slackMinutes": 30})).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["slackMinutes"].is_string());
    app.admin.post(&target, json!({"slackMinutes": 30, "untilReply": true})).await.data(200);
}

#[tokio::test]
async fn a_list_has_snoozed_tickets_only_or_leaves_them_out() {
    let app = TestApp::start().await;
    let (hidden, shown) =
        (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
    let body = json!({"until": clock(&app) + Duration::hours(1)});
    app.admin.post(&format!("{}/snooze", path(&hidden)), body).await.data(200);
    let ids = |client: kamhub_testkit::Client, query: &'static str| async move {
        let reply = client.get(&format!("/api/support/tickets?sortOrder=ASC&{query}")).await;
        let rows = reply.data(200).as_array().unwrap().clone();
        assert_eq!(reply.json["total"], rows.len());
        rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    let both = [hidden["id"].clone(), shown["id"].clone()];
    assert_eq!(ids(app.admin.clone(), "").await, both);
    for query in ["snoozed=true", "snoozed=1&status=open&total=exact", "snoozed=true&search=card"] {
        assert_eq!(ids(app.admin.clone(), query).await, both[..1], "{query}");
    }
    for query in ["snoozed=false&total=exact", "snoozed=FALSE&sortBy=slaDue"] {
        assert_eq!(ids(app.admin.clone(), query).await, both[1..], "{query}");
    }
    assert_eq!(ids(customer(&app, &hidden), "snoozed=true").await, both, "the desk's own business");
    let reply = app.admin.get("/api/support/tickets?snoozed=perhaps").await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["snoozed"].is_string());
}
