use kamhub_testkit::TestApp;
use serde_json::json;

use crate::speaking::{clock, customer, kinds, person, post, say, time, told};
use crate::support::create;

#[tokio::test]
async fn the_customer_rates_an_answer_and_may_change_it() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let answer = say(&app, &ticket, "agent", "Done.").await;
    let target = format!("/api/support/messages/{}/rating", answer["id"].as_str().unwrap());
    let rated = app.admin.post(&target, json!({"rating": 4, "comment": "Quick"})).await;
    let rated = rated.data(200);
    assert_eq!((&rated["rating"], &rated["ratingComment"]), (&json!(4), &json!("Quick")));
    assert_eq!(time(&rated["ratedAt"]), clock(&app));
    app.admin.post(&target, json!({"rating": 4, "comment": "Quick"})).await.data(200);
    assert_eq!(told(&app, "ticket.message.rated").await, 1, "said again, nothing changed");
    let changed = customer(&app, &ticket).post(&target, json!({"rating": 2})).await;
    let changed = changed.data(200);
    assert_eq!((&changed["rating"], &changed["ratingComment"]), (&json!(2), &json!(null)));
    assert_eq!(told(&app, "ticket.message.rated").await, 2);
    assert_eq!(kinds(&app, &ticket).await, ["message", "updated", "rated", "rated"]);
    let person = person(&app).await;
    person.post(&target, json!({"rating": 5})).await.fault(403, "FORBIDDEN");
    for body in [json!({}), json!({"rating": 0}), json!({"rating": 6}), json!({"rating": "five"})] {
        assert!(
            app.admin.post(&target, body).await.fault(400, "VALIDATION_FAILED")["rating"]
                .is_string()
        );
    }
    let long = json!({"rating": 5, "comment": "x".repeat(501)});
    assert!(
        app.admin.post(&target, long).await.fault(400, "VALIDATION_FAILED")["comment"].is_string()
    );
}

#[tokio::test]
async fn only_public_messages_of_agents_are_rated() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let note = json!({"message": "A note", "isInternal": true});
    let note = post(&app, &ticket, note).await.data(201).clone();
    for message in [
        say(&app, &ticket, "customer", "Hello").await,
        say(&app, &ticket, "system", "Hello").await,
        note,
    ] {
        let target = format!("/api/support/messages/{}/rating", message["id"].as_str().unwrap());
        app.admin.post(&target, json!({"rating": 5})).await.fault(409, "RATING_REFUSED");
    }
    let nothing = app.admin.post("/api/support/messages/999/rating", json!({"rating": 5})).await;
    nothing.fault(404, "NOT_FOUND");
}
