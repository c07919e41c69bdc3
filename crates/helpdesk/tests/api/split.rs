use chrono::Duration;
use kamhub_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::speaking::{customer, kinds, now, post, say, seen_by, texts, time};
use crate::support::{agent, create, load, path};

async fn split(app: &TestApp, ticket: &Value, messages: &[&Value]) -> Reply {
    let ids: Vec<&Value> = messages.iter().map(|message| &message["id"]).collect();
    let body = json!({"messageIds": ids, "subject": "Invoice for the group"});
    app.admin.post(&format!("{}/split", path(ticket)), body).await
}

#[tokio::test]
async fn a_split_keeps_the_messages_ids_and_times_and_begins_with_the_first_of_them() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({"tags": ["vip"]})).await;
    say(&app, &ticket, "customer", "My card was charged twice.").await;
    app.clock.advance(Duration::minutes(1));
    let second = say(&app, &ticket, "customer", "And I need an invoice for the group.").await;
    app.clock.advance(Duration::minutes(1));
    let third = say(&app, &ticket, "agent", "The invoice is on its way.").await;
    app.clock.advance(Duration::minutes(1));
    let reply = split(&app, &ticket, &[&third, &second, &second]).await;
    let new = reply.data(201).clone();
    assert_eq!(reply.header("location"), path(&new));
    assert_eq!(
        (&new["splitFromId"], &new["subject"]),
        (&ticket["id"], &json!("Invoice for the group"))
    );
    assert_eq!(new["description"], "And I need an invoice for the group.");
    assert_eq!(time(&new["createdAt"]), time(&second["createdAt"]));
    assert_eq!(new["firstResponseAt"], third["createdAt"]);
    for same in ["category", "priority", "customerId", "customerEmail", "requesterId", "tags"] {
        assert_eq!(new[same], ticket[same], "{same}");
    }
    let moved = app.admin.get(&format!("{}/messages", path(&new))).await;
    for (row, message) in [(0, &second), (1, &third)] {
        let row = &moved.data(200)[row];
        assert_eq!((&row["id"], &row["createdAt"]), (&message["id"], &message["createdAt"]));
        assert_eq!(row["originalTicketId"], ticket["id"]);
    }
    assert_eq!(texts(&app, &ticket).await, ["My card was charged twice."]);
    assert_eq!(now(&app, &ticket).await["firstResponseAt"], json!(null), "it went with the answer");
    assert!(kinds(&app, &ticket).await.contains(&"split".to_owned()));
    let seen = seen_by(&customer(&app, &new), &new).await;
    assert_eq!(seen.len(), 2, "the customer sees what was moved");
}

#[tokio::test]
async fn a_split_ticket_is_assigned_like_any_other() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let message = say(&app, &ticket, "customer", "Short").await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 2})).await;
    let body = json!({"messageIds": [message["id"]], "subject": "x", "category": "booking"});
    let reply = app.admin.post(&format!("{}/split", path(&ticket)), body).await;
    let new = reply.data(201);
    assert_eq!((&new["category"], &new["agentId"]), (&json!("booking"), &anna["id"]));
    assert!(new["description"].as_str().unwrap().ends_with("Short"));
    assert!(load(&app, &anna).await >= 1);
}

#[tokio::test]
async fn a_note_never_becomes_the_description() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let note = json!({"message": "Between us: a difficult guest", "isInternal": true});
    let note = post(&app, &ticket, note).await.data(201).clone();
    let reply = split(&app, &ticket, &[&note]).await;
    assert_eq!(reply.data(201)["description"], ticket["description"]);
}

#[tokio::test]
async fn messages_of_another_ticket_are_not_split_off() {
    let app = TestApp::start().await;
    let (ticket, other) =
        (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
    let mine = say(&app, &ticket, "customer", "Mine").await;
    let foreign = say(&app, &other, "customer", "Foreign").await;
    let reply = split(&app, &ticket, &[&mine, &foreign]).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["messageIds"].is_string());
    assert_eq!(texts(&app, &ticket).await, ["Mine"]);
    let target = format!("{}/split", path(&ticket));
    for body in [
        json!({"subject": "x"}),
        json!({"messageIds": [], "subject": "x"}),
        json!({"messageIds": vec![1; 101], "subject": "x"}),
        json!({"messageIds": ["x"], "subject": "x"}),
        json!({"messageIds": "1", "subject": "x"}),
    ] {
        let reply = app.admin.post(&target, body.clone()).await;
        let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
        assert!(faults.keys().any(|field| field.starts_with("messageIds")), "{body}");
    }
    let reply = app.admin.post(&target, json!({"messageIds": [mine["id"]]})).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["subject"].is_string());
}

#[tokio::test]
async fn the_same_key_splits_once() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let message = say(&app, &ticket, "customer", "And an invoice, please").await;
    let caller = app.admin.header("idempotency-key", "s-1");
    let body = json!({"messageIds": [message["id"]], "subject": "Invoice"});
    let target = format!("{}/split", path(&ticket));
    let first = caller.post(&target, body.clone()).await;
    let second = caller.post(&target, body).await;
    assert_eq!(first.data(201), second.data(201));
}

#[tokio::test]
async fn what_was_split_off_can_be_merged_back_and_out_again() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let message = say(&app, &ticket, "customer", "And an invoice, please").await;
    let new = split(&app, &ticket, &[&message]).await.data(201).clone();
    let merge = |into: Value| {
        let target = format!("{}/merge", path(&new));
        let client = app.admin.clone();
        async move { client.post(&target, json!({"into": into})).await }
    };
    merge(ticket["id"].clone()).await.data(200);
    let list = app.admin.get(&format!("{}/messages", path(&ticket))).await;
    assert_eq!(list.data(200)[0]["originalTicketId"], json!(null), "it is where it was written");
    app.admin.post(&format!("{}/unmerge", path(&new)), json!({})).await.data(200);
    assert_eq!(texts(&app, &new).await, ["And an invoice, please"]);
    assert!(texts(&app, &ticket).await.is_empty());
}
