use chrono::Duration;
use kamhub_helpdesk::tickets::service::backlog;
use kamhub_testkit::TestApp;
use serde_json::json;

use crate::speaking::{clock, kinds, now, post, say, time};
use crate::support::{agent, bring_to, create, path};

#[tokio::test]
async fn a_snoozed_ticket_comes_back_at_its_time() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let until = clock(&app) + Duration::hours(2);
    let target = format!("{}/snooze", path(&ticket));
    let reply = app.admin.post(&target, json!({"until": until})).await;
    assert_eq!(time(&reply.data(200)["snoozedUntil"]), until);
    let wake = async || {
        let mut tx = app.app.db.begin().await.unwrap();
        let woken = backlog::wake_snoozed(&mut tx, &*app.clock).await.unwrap();
        tx.commit().await.unwrap();
        woken
    };
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
