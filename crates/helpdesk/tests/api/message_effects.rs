use chrono::{Duration, TimeZone as _, Utc};
use kamhub_testkit::TestApp;
use serde_json::json;

use crate::speaking::{clock, kinds, messages, now, person, post, say, texts, time, told};
use crate::support::{agent, bring_to, create, patch, path};

#[tokio::test]
async fn a_reply_by_an_agent_sets_first_response_at_and_takes_the_ticket_into_work() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::minutes(1));
    for silent in [
        json!({"message": "A note", "isInternal": true}),
        json!({"message": "We got your mail", "isAutomatic": true}),
        json!({"message": "Maintenance tonight", "senderType": "system"}),
        json!({"message": "And?", "senderType": "customer"}),
    ] {
        post(&app, &ticket, silent).await.data(201);
        let now = now(&app, &ticket).await;
        assert_eq!((&now["firstResponseAt"], &now["status"]), (&json!(null), &json!("open")));
    }
    app.clock.advance(Duration::minutes(1));
    let before = now(&app, &ticket).await;
    let answer = say(&app, &ticket, "agent", "We look into it.").await;
    let after = now(&app, &ticket).await;
    assert_eq!(after["firstResponseAt"], answer["createdAt"]);
    assert_eq!(after["status"], "in_progress");
    assert_eq!(after["version"].as_i64(), before["version"].as_i64().map(|version| version + 1));
    app.clock.advance(Duration::minutes(1));
    say(&app, &ticket, "agent", "Done.").await;
    let later = now(&app, &ticket).await;
    assert_eq!(later["firstResponseAt"], answer["createdAt"]);
    assert_eq!(time(&later["updatedAt"]), clock(&app), "a message moves updatedAt");
    assert_eq!(later["version"].as_i64(), after["version"].as_i64().map(|version| version + 1));
    let kinds = kinds(&app, &ticket).await;
    assert_eq!(kinds, ["note", "message", "message", "message", "message", "updated", "message"]);
    assert_eq!(told(&app, "ticket.message.created").await, 6);
}

#[tokio::test]
async fn the_timeline_names_a_message_but_not_its_text() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let note = json!({"message": "A secret of the desk", "isInternal": true});
    let note = post(&app, &ticket, note).await.data(201).clone();
    let events = app.admin.get(&format!("{}/events", path(&ticket))).await;
    let last = events.data(200).as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["data"]["messageId"]), (&json!("note"), &note["id"]));
    assert_eq!(
        (&last["data"]["internal"], &last["data"]["automatic"]),
        (&json!(true), &json!(false))
    );
    assert!(!events.text.contains("A secret of the desk"));
}

#[tokio::test]
async fn a_customers_message_brings_a_ticket_back_to_work() {
    let app = TestApp::start().await;
    for (from, to) in [
        ("open", "open"),
        ("in_progress", "in_progress"),
        ("reopened", "reopened"),
        ("waiting_customer", "in_progress"),
        ("on_hold", "in_progress"),
        ("resolved", "reopened"),
        ("closed", "reopened"),
    ] {
        let ticket = create(&app.admin, json!({})).await;
        bring_to(&app, &ticket, from).await;
        let automatic =
            json!({"message": "I am away", "senderType": "customer", "isAutomatic": true});
        post(&app, &ticket, automatic).await.data(201);
        assert_eq!(now(&app, &ticket).await["status"], from, "after an automatic message");
        let message = say(&app, &ticket, "customer", "Still broken").await;
        assert_eq!(message["followUp"], false);
        let after = now(&app, &ticket).await;
        assert_eq!(after["status"], to, "from {from}");
        if to == "reopened" {
            assert_eq!((&after["closedAt"], &after["resolvedAt"]), (&json!(null), &json!(null)));
        }
        if from == "on_hold" {
            assert_eq!(kinds(&app, &ticket).await.last().unwrap(), "updated");
        }
    }
}

#[tokio::test]
async fn a_ticket_that_comes_back_is_given_to_an_agent() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    bring_to(&app, &ticket, "on_hold").await;
    let anna = agent(&app, "Anna", json!({})).await;
    say(&app, &ticket, "customer", "Any news?").await;
    assert_eq!(now(&app, &ticket).await["agentId"], anna["id"]);
}

#[tokio::test]
async fn a_closed_ticket_is_reopened_within_the_window_and_followed_up_after_it() {
    let app = TestApp::start().await;
    // Monday; five business days later is the next Monday at the same time.
    let closing = Utc.with_ymd_and_hms(2026, 3, 2, 10, 0, 0).unwrap();
    let ticket = create(&app.admin, json!({"priority": "low"})).await;
    app.clock.set(closing);
    bring_to(&app, &ticket, "closed").await;
    app.clock.set(closing + Duration::days(7));
    say(&app, &ticket, "customer", "Not solved after all").await;
    assert_eq!(now(&app, &ticket).await["status"], "reopened");

    patch(&app, &ticket, json!({"status": "closed"})).await.data(200);
    app.clock.advance(Duration::days(7) + Duration::seconds(1));
    let agents = say(&app, &ticket, "agent", "A last word").await;
    assert_eq!((&agents["ticketId"], &agents["followUp"]), (&ticket["id"], &json!(false)));
    let message = say(&app, &ticket, "customer", "Again!").await;
    assert_eq!(message["followUp"], true);
    assert_ne!(message["ticketId"], ticket["id"]);
    assert_eq!(now(&app, &ticket).await["status"], "closed");
    let follow_up = now(&app, &json!({"id": message["ticketId"]})).await;
    assert_eq!(follow_up["followUpOfId"], ticket["id"]);
    assert_eq!(follow_up["status"], "open");
    for same in ["subject", "category", "priority", "customerId", "customerEmail", "requesterId"] {
        assert_eq!(follow_up[same], ticket[same], "{same}");
    }
    let description = follow_up["description"].as_str().unwrap();
    assert!(description.contains("Again!"), "{description}");
    assert!(description.contains(ticket["ticketNumber"].as_str().unwrap()), "{description}");
    assert_eq!(texts(&app, &follow_up).await, ["Again!"]);
    assert_eq!(kinds(&app, &ticket).await.last().unwrap(), "follow_up");
    // Who writes to the old ticket once more is heard in the follow-up, not in a third ticket.
    let more = say(&app, &ticket, "customer", "Hello?").await;
    assert_eq!((&more["ticketId"], &more["followUp"]), (&follow_up["id"], &json!(true)));
}

#[tokio::test]
async fn a_long_message_is_whole_in_its_follow_up() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    bring_to(&app, &ticket, "closed").await;
    app.clock.advance(Duration::days(30));
    let text = "ы".repeat(10_000);
    let message = say(&app, &ticket, "customer", &text).await;
    let follow_up = now(&app, &json!({"id": message["ticketId"]})).await;
    assert_eq!(follow_up["description"].as_str().unwrap().chars().count(), 5_000);
    assert_eq!(texts(&app, &follow_up).await, [text]);
}

#[tokio::test]
async fn history_is_taken_over_with_its_times_and_reopens_nothing() {
    let app = TestApp::start().await;
    let created = clock(&app) - Duration::days(10);
    let ticket = create(&app.admin, json!({"createdAt": created})).await;
    bring_to(&app, &ticket, "closed").await;
    let at = created + Duration::hours(3);
    let past = json!({"message": "An answer of then", "createdAt": at});
    let answer = post(&app, &ticket, past).await.data(201).clone();
    assert_eq!(time(&answer["createdAt"]), at);
    let reply = json!({"message": "Thanks", "senderType": "customer", "createdAt": at + Duration::hours(1)});
    assert_eq!(post(&app, &ticket, reply).await.data(201)["followUp"], false);
    let ticket_now = now(&app, &ticket).await;
    assert_eq!(time(&ticket_now["firstResponseAt"]), at);
    assert_eq!(ticket_now["status"], "closed");
    for wrong in [created - Duration::seconds(1), clock(&app) + Duration::seconds(1)] {
        let reply = post(&app, &ticket, json!({"message": "x", "createdAt": wrong})).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["createdAt"].is_string());
    }
    let person = person(&app).await;
    for (field, value) in [("createdAt", json!(at)), ("isAutomatic", json!(true))] {
        let mut body = json!({"message": "x"});
        body[field] = value;
        let reply = person.post(&messages(&ticket), body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")[field].is_string());
    }
}
