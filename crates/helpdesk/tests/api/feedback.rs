//! `POST /api/support/feedback`: feedback on a ticket, and surveys.

use chrono::Duration;
use kamhub_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::people::user;
use crate::speaking::{customer, person, told};
use crate::support::{agent, bring_to, create, patch};

pub const PATH: &str = "/api/support/feedback";

/// Gives feedback on a ticket.
pub async fn give(client: &Client, ticket: &Value, changes: Value) -> kamhub_testkit::Reply {
    let mut body = json!({"ticketId": ticket["id"], "rating": 5});
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    client.post(PATH, body).await
}

/// The data of the newest event of this type.
pub async fn event(app: &TestApp, kind: &str) -> Value {
    sqlx::query_scalar("SELECT data FROM event_outbox WHERE type = $1 ORDER BY id DESC LIMIT 1")
        .bind(kind)
        .fetch_one(app.app.db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_customer_says_what_they_think_and_changes_it() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"team": "payments"})).await;
    let ticket = create(&app.admin, json!({})).await;
    let irina = customer(&app, &ticket);
    let said = give(
        &irina,
        &ticket,
        json!({"rating": 4, "comment": "Quick", "wouldRecommend": true, "npsScore": 9,
            "categories": {"responseTime": 3, "knowledge": 5}, "customerId": 4711}),
    )
    .await;
    let said = said.data(201);
    assert_eq!(said["ticketId"], ticket["id"]);
    assert_eq!(said["agentId"], anna["id"]);
    assert_eq!(said["customerVerified"], true);
    assert_ne!(said["customerId"], "4711", "a customer speaks for themselves");
    assert_eq!((&said["team"], &said["category"]), (&json!("payments"), &json!("billing")));
    assert_eq!(said["categories"]["responseTime"], 3);
    assert_eq!(told(&app, "feedback.created").await, 1);
    assert_eq!(event(&app, "feedback.created").await["feedback"], *said);

    let changed =
        give(&irina, &ticket, json!({"rating": 2, "categories": {"resolution": 1}})).await;
    let changed = changed.data(200);
    assert_eq!(changed["id"], said["id"]);
    assert_eq!((&changed["rating"], &changed["comment"]), (&json!(2), &json!("Quick")));
    let parts =
        json!({"responseTime": 3, "resolution": 1, "professionalism": null, "knowledge": 5});
    assert_eq!(changed["categories"], parts, "what is not said stays");
    assert_eq!(told(&app, "feedback.updated").await, 1);
    give(&irina, &ticket, json!({"rating": 2})).await.data(200);
    assert_eq!(told(&app, "feedback.updated").await, 1, "said again, nothing changed");
    let emptied = give(&irina, &ticket, json!({"rating": 2, "comment": ""})).await;
    assert_eq!(emptied.data(200)["comment"], Value::Null);
}

#[tokio::test]
async fn feedback_settles_after_fourteen_days_and_opens_again_with_the_next_resolution() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    // The platform's tokens end after an hour.
    let say = async |rating: i64| {
        give(&customer(&app, &ticket), &ticket, json!({"rating": rating})).await
    };
    say(1).await.data(201);
    app.clock.advance(Duration::days(14));
    say(2).await.data(200);
    app.clock.advance(Duration::seconds(1));
    let settled = say(5).await;
    settled.fault(409, "FEEDBACK_SETTLED");
    assert_eq!(settled.json["current"]["rating"], 2);
    say(2).await.data(200);
    bring_to(&app, &ticket, "resolved").await;
    say(5).await.data(200);
}

#[tokio::test]
async fn only_the_customer_or_a_service_for_them_gives_feedback_on_a_ticket() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let other =
        create(&app.admin, json!({"customerEmail": "oleg@example.com", "customerId": 43})).await;
    give(&app.anonymous, &ticket, json!({})).await.fault(401, "UNAUTHENTICATED");
    give(&person(&app).await, &ticket, json!({})).await.fault(403, "FORBIDDEN");
    let stranger = customer(&app, &other);
    let faults = give(&stranger, &ticket, json!({"agentId": "999"})).await;
    let faults = faults.fault(400, "VALIDATION_FAILED");
    assert!(faults["ticketId"].is_string() && faults["agentId"].is_string(), "{faults}");
    let by_service = give(&app.admin, &ticket, json!({"rating": 3})).await;
    assert_eq!(by_service.data(201)["customerId"], "42");
    let by_irina = give(&customer(&app, &ticket), &ticket, json!({"rating": 4})).await;
    assert_eq!(
        by_irina.data(200)["id"],
        by_service.json["data"]["id"],
        "one customer, one feedback"
    );
    let for_oleg = give(&app.admin, &ticket, json!({"customerId": 43})).await;
    assert_ne!(for_oleg.data(201)["id"], by_service.json["data"]["id"]);
    assert_eq!(for_oleg.data(201)["customerVerified"], true);
    let for_nobody = give(&app.admin, &ticket, json!({"customerId": 77})).await;
    assert_eq!(for_nobody.data(201)["customerVerified"], false);
    let again = give(&app.admin, &ticket, json!({"customerId": 77, "rating": 1})).await;
    assert_eq!(again.data(200)["id"], for_nobody.json["data"]["id"]);
}

#[tokio::test]
async fn a_customer_cannot_lay_a_rating_at_another_agents_door() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({})).await;
    let boris = agent(&app, "Boris", json!({"status": "offline"})).await;
    let ticket = create(&app.admin, json!({})).await;
    let irina = customer(&app, &ticket);
    let refused = give(&irina, &ticket, json!({"agentId": boris["id"]})).await;
    assert!(refused.fault(400, "VALIDATION_FAILED")["agentId"].is_string());
    give(&irina, &ticket, json!({"agentId": anna["id"]})).await.data(201);
    let by_service = give(&app.admin, &ticket, json!({"agentId": boris["id"]})).await;
    assert_eq!(by_service.data(200)["agentId"], boris["id"]);
}

#[tokio::test]
async fn all_faults_of_feedback_are_told_together() {
    let app = TestApp::start().await;
    let body = json!({"rating": 6, "comment": "x".repeat(1001), "npsScore": 11, "cesScore": 0,
        "wouldRecommend": "perhaps", "agentId": -1,
        "categories": {"responseTime": 0, "resolution": "good", "professionalism": 6}});
    let reply = app.admin.post(PATH, body).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    for field in [
        "ticketId",
        "rating",
        "comment",
        "npsScore",
        "cesScore",
        "wouldRecommend",
        "agentId",
        "categories.responseTime",
        "categories.resolution",
        "categories.professionalism",
    ] {
        assert!(faults.contains_key(field), "{field} in {faults:?}");
    }
    let reply =
        app.admin.post(PATH, json!({"ticketId": "999", "rating": 5, "agentId": "888"})).await;
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED"),
        &json!({"ticketId": "Ticket id names no ticket, or none that you may rate",
            "agentId": "Agent id names an agent who does not exist"})
    );
}

#[tokio::test]
async fn a_body_with_an_overall_rating_and_no_ticket_is_a_survey() {
    let app = TestApp::start().await;
    let body = json!({"overallRating": 4, "supportQuality": 5, "responseTime": 3, "resolution": 4,
        "comment": "Fine", "email": "irina@example.com", "customerId": "42", "npsScore": 10,
        "cesScore": 7, "ticketId": null});
    let survey = app.anonymous.post(PATH, body.clone()).await;
    let survey = survey.data(201);
    assert_eq!((&survey["customerId"], &survey["customerVerified"]), (&json!("42"), &json!(false)));
    assert_eq!((&survey["npsScore"], &survey["cesScore"]), (&json!(10), &json!(7)));
    assert_eq!(event(&app, "survey.completed").await["survey"], *survey);
    let ticket = create(&app.admin, json!({})).await;
    let known = customer(&app, &ticket).post(PATH, body.clone()).await;
    assert_eq!(known.data(201)["customerVerified"], true);
    person(&app).await.post(PATH, body).await.fault(403, "FORBIDDEN");
    let wrong = json!({"overallRating": 0, "supportQuality": 6, "responseTime": 0, "resolution": 9,
        "comment": "x".repeat(2001), "email": "nobody", "npsScore": -1, "cesScore": 8});
    let reply = app.anonymous.post(PATH, wrong).await;
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED").as_object().unwrap().len(),
        8,
        "{}",
        reply.text
    );
    let listed = app.admin.get(&format!("{PATH}/surveys?limit=1")).await;
    assert_eq!(
        (listed.json["total"].as_i64(), listed.data(200).as_array().unwrap().len()),
        (Some(2), 1)
    );
    let cursor = listed.json["nextCursor"].as_str().unwrap();
    let rest = app.admin.get(&format!("{PATH}/surveys?cursor={cursor}")).await;
    assert_eq!(rest.data(200)[0]["id"], survey["id"]);
    app.admin.get(&format!("{PATH}?cursor={cursor}")).await.fault(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn surveys_of_one_address_are_limited_and_a_repeated_one_is_stored_once() {
    let app = TestApp::with(|settings| settings.anonymous_feedback_per_minute = 2).await;
    let once = app.anonymous.header("idempotency-key", "survey-1");
    let body = json!({"overallRating": 5});
    let first = once.post(PATH, body.clone()).await;
    assert_eq!(once.post(PATH, body.clone()).await.data(201), first.data(201));
    let limited = app.anonymous.post(PATH, body).await;
    limited.fault(429, "RATE_LIMITED");
    assert!(!limited.header("retry-after").is_empty());
    assert_eq!(told(&app, "survey.completed").await, 1);
}

#[tokio::test]
async fn a_wish_to_be_heard_is_a_task_until_somebody_has_done_it() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let irina = customer(&app, &ticket);
    let said = give(&irina, &ticket, json!({"rating": 1})).await.data(201).clone();
    let done = format!("{PATH}/follow-ups/{}/done", said["id"].as_str().unwrap());
    app.admin.post(&done, json!({})).await.fault(409, "NO_FOLLOW_UP");
    give(&irina, &ticket, json!({"rating": 1, "followUpRequired": true})).await.data(200);
    assert_eq!(told(&app, "feedback.follow_up_required").await, 1);
    let open = app.admin.get(&format!("{PATH}/follow-ups")).await;
    assert_eq!(open.data(200)[0]["feedback"]["id"], said["id"]);
    assert_eq!(open.data(200)[0]["doneAt"], Value::Null);
    user(&app, "boss@kamhub.example", kamhub_kernel::Role::Supervisor).await;
    let (token, _) = crate::people::tokens(&app, "boss@kamhub.example").await;
    let boss = app.anonymous.bearer(&token);
    let first = boss.post(&done, json!({})).await.data(200).clone();
    assert_eq!(first["doneByName"], "Анна Лебедева");
    assert!(first["doneBy"].as_str().unwrap().starts_with("user:"), "{first}");
    app.clock.advance(Duration::hours(1));
    assert_eq!(app.admin.post(&done, json!({})).await.data(200), &first, "the first time stays");
    assert_eq!(app.admin.get(&format!("{PATH}/follow-ups")).await.json["total"], 0);
    let listed = app.admin.get(&format!("{PATH}/follow-ups?state=DONE")).await;
    assert_eq!(listed.data(200)[0], first);
    let irina = customer(&app, &ticket);
    give(&irina, &ticket, json!({"rating": 2})).await.data(200);
    assert_eq!(told(&app, "feedback.follow_up_required").await, 1);
    give(&irina, &ticket, json!({"rating": 1, "followUpRequired": true})).await.data(200);
    assert_eq!(
        told(&app, "feedback.follow_up_required").await,
        2,
        "asked again, to be heard again"
    );
    assert_eq!(app.admin.get(&format!("{PATH}/follow-ups")).await.json["total"], 1);
    app.admin.post(&format!("{PATH}/follow-ups/999/done"), json!({})).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn feedback_on_a_merged_ticket_counts_for_the_one_that_goes_on() {
    let app = TestApp::start().await;
    let source = create(&app.admin, json!({})).await;
    let target = create(&app.admin, json!({})).await;
    let merge = format!("/api/support/tickets/{}/merge", source["id"].as_str().unwrap());
    app.admin.post(&merge, json!({"into": target["id"]})).await.data(200);
    let said = give(&customer(&app, &source), &source, json!({})).await;
    assert_eq!(said.data(201)["ticketId"], target["id"]);
    let deleted = create(&app.admin, json!({})).await;
    patch(&app, &deleted, json!({"status": "in_progress"})).await.data(200);
    app.admin.delete(&crate::support::path(&deleted)).await;
    let gone = give(&app.admin, &deleted, json!({})).await;
    assert!(gone.fault(400, "VALIDATION_FAILED")["ticketId"].is_string());
}
