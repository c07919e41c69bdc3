//! Customers are asked how it was after a resolution, and answer by a link.

use chrono::Duration;
use kamhub_helpdesk::identity::service::ticket_link_verify;
use kamhub_helpdesk::jobs;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::feedback::{PATH, event, give};
use crate::speaking::{customer, told};
use crate::support::{bring_to, create, patch};

const ASKED: &str = "csat.requested";

/// Lets the jobs run that are due.
pub async fn work(app: &TestApp) {
    let registry = jobs::registry(&app.app).unwrap();
    let worker = Worker::new(app.app.queue.clone(), registry, WorkerOptions::default());
    let report = worker.drain().await.unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
}

/// The token of the newest request.
async fn token(app: &TestApp) -> String {
    let link = event(app, ASKED).await["link"].as_str().unwrap().to_owned();
    link.split_once("/rate?token=").unwrap().1.to_owned()
}

async fn answer(app: &TestApp, token: &str, changes: Value) -> kamhub_testkit::Reply {
    let mut body = json!({"token": token, "rating": 5});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    app.anonymous.post(&format!("{PATH}/by-link"), body).await
}

#[tokio::test]
async fn a_customer_is_asked_once_an_hour_after_the_resolution() {
    let app = TestApp::start().await;
    let ticket = create(&app.anonymous, json!({})).await;
    bring_to(&app, &ticket, "resolved").await;
    work(&app).await;
    app.clock.advance(Duration::minutes(59));
    work(&app).await;
    assert_eq!(told(&app, ASKED).await, 0, "not before its time");
    app.clock.advance(Duration::minutes(1));
    work(&app).await;
    assert_eq!(told(&app, ASKED).await, 1);
    let asked = event(&app, ASKED).await;
    assert_eq!(asked["customerEmail"], "irina@example.com");
    assert_eq!(asked["ticketNumber"], ticket["ticketNumber"]);
    app.clock.advance(Duration::days(1));
    patch(&app, &ticket, json!({"status": "closed"})).await.data(200);
    work(&app).await;
    assert_eq!(told(&app, ASKED).await, 1, "once for one resolution");
    patch(&app, &ticket, json!({"status": "reopened"})).await.data(200);
    patch(&app, &ticket, json!({"status": "in_progress"})).await.data(200);
    patch(&app, &ticket, json!({"status": "resolved"})).await.data(200);
    app.clock.advance(Duration::hours(1));
    work(&app).await;
    work(&app).await;
    assert_eq!(told(&app, ASKED).await, 2, "again for the next one");
}

#[tokio::test]
async fn nobody_is_asked_about_a_ticket_that_came_back_or_was_rated_or_taken_over() {
    let app = TestApp::start().await;
    let came_back = create(&app.admin, json!({})).await;
    bring_to(&app, &came_back, "resolved").await;
    patch(&app, &came_back, json!({"status": "reopened"})).await.data(200);
    let rated = create(&app.admin, json!({})).await;
    bring_to(&app, &rated, "resolved").await;
    app.clock.advance(Duration::minutes(1));
    give(&customer(&app, &rated), &rated, json!({})).await.data(201);
    let imported = create(&app.admin, json!({"createdAt": "2026-01-01T00:00:00Z"})).await;
    bring_to(&app, &imported, "resolved").await;
    let closed = create(&app.admin, json!({})).await;
    bring_to(&app, &closed, "closed").await;
    let deleted = create(&app.admin, json!({})).await;
    bring_to(&app, &deleted, "resolved").await;
    app.admin.delete(&crate::support::path(&deleted)).await;
    app.clock.advance(Duration::hours(2));
    work(&app).await;
    assert_eq!(told(&app, ASKED).await, 0);

    let off = TestApp::with(|settings| settings.csat_delay = None).await;
    let ticket = create(&off.admin, json!({})).await;
    bring_to(&off, &ticket, "resolved").await;
    off.clock.advance(Duration::hours(2));
    work(&off).await;
    assert_eq!(told(&off, ASKED).await, 0, "switched off");
}

#[tokio::test]
async fn a_link_gives_feedback_with_one_click_and_takes_a_comment_later() {
    let app = TestApp::with(|settings| settings.csat_delay = Some(std::time::Duration::ZERO)).await;
    let ticket = create(&app.anonymous, json!({})).await;
    bring_to(&app, &ticket, "resolved").await;
    work(&app).await;
    let token = token(&app).await;
    let first = answer(&app, &token, json!({"rating": 4})).await;
    assert_eq!(first.data(201)["ticketId"], ticket["id"]);
    let again = answer(&app, &token, json!({"rating": 4})).await;
    assert_eq!(again.data(200), first.data(201), "one click, however often it arrives");
    let more =
        answer(&app, &token, json!({"rating": 4, "comment": "Thank you", "npsScore": 9})).await;
    assert_eq!(
        (&more.data(200)["comment"], &more.data(200)["npsScore"]),
        (&json!("Thank you"), &json!(9))
    );
    assert_eq!(
        (told(&app, "feedback.created").await, told(&app, "feedback.updated").await),
        (1, 1)
    );
    let answered: i64 =
        sqlx::query_scalar("SELECT count(*) FROM csat_requests WHERE answered_at IS NOT NULL")
            .fetch_one(app.app.db.pool())
            .await
            .unwrap();
    assert_eq!(answered, 1);
    app.clock.advance(Duration::days(15));
    answer(&app, &token, json!({"rating": 1})).await.fault(409, "FEEDBACK_SETTLED");
    app.clock.advance(Duration::days(15));
    answer(&app, &token, json!({"rating": 4})).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_token_is_for_one_ticket_and_one_purpose() {
    let app = TestApp::with(|settings| settings.csat_delay = Some(std::time::Duration::ZERO)).await;
    let ticket = create(&app.admin, json!({})).await;
    bring_to(&app, &ticket, "resolved").await;
    work(&app).await;
    let token = token(&app).await;
    let by_header = app.anonymous.header("x-ticket-access", &token);
    by_header.get(&crate::support::path(&ticket)).await.fault(401, "UNAUTHENTICATED");
    assert!(ticket_link_verify(&app.app.keys, app.app.clock.now(), &token).is_err());
    let link = format!("{}/access-link", crate::support::path(&ticket));
    let link =
        app.admin.post(&link, json!({})).await.data(201)["token"].as_str().unwrap().to_owned();
    for wrong in [link.as_str(), &token[1..], "x", &format!("{token}A")] {
        answer(&app, wrong, json!({})).await.fault(401, "UNAUTHENTICATED");
    }
    let other = create(&app.admin, json!({})).await;
    let said = answer(&app, &token, json!({"ticketId": other["id"], "agentId": "9"})).await;
    assert_eq!(said.data(201)["ticketId"], ticket["id"], "the token says which ticket");
    let faults = answer(&app, &token, json!({"rating": 0, "comment": "x".repeat(1001)})).await;
    assert_eq!(faults.fault(400, "VALIDATION_FAILED").as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn answers_by_a_link_are_limited_per_address() {
    let app = TestApp::with(|settings| settings.anonymous_feedback_per_minute = 1).await;
    answer(&app, "guess", json!({})).await.fault(401, "UNAUTHENTICATED");
    answer(&app, "guess", json!({})).await.fault(429, "RATE_LIMITED");
}
