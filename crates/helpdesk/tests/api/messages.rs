use chrono::Duration;
use kamhub_kernel::Role;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::speaking::{clock, customer, messages, person, post, rating, say, seen_by, texts, time};
use crate::support::{agent, create, path, ticket_body};

#[tokio::test]
async fn a_message_is_answered_as_the_contract_prints_it() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let body = json!({
        "message": "Refunded.", "senderType": "AGENT", "senderName": "Анна Лебедева",
        "attachments": [{"url": "https://kamhub.example/slip.pdf", "name": "slip.pdf"}],
    });
    let reply = post(&app, &ticket, body).await;
    let message = reply.data(201);
    assert_eq!(message["ticketId"], ticket["id"]);
    assert_eq!(message["senderType"], "agent");
    assert_eq!(message["senderName"], "Анна Лебедева");
    assert_eq!(message["attachments"][0]["name"], "slip.pdf");
    assert_eq!(message["isInternal"], false);
    assert_eq!(message["isAutomatic"], false);
    assert_eq!(message["followUp"], false);
    assert_eq!(message["rating"], json!(null));
    assert_eq!(time(&message["createdAt"]), clock(&app));
    let by_number =
        format!("/api/support/tickets/{}/messages", ticket["ticketNumber"].as_str().unwrap());
    let list = app.admin.get(&by_number).await;
    assert_eq!(list.data(200)[0]["message"], "Refunded.");
    assert_eq!((&list.json["total"], &list.json["limit"]), (&json!(1), &json!(20)));
}

#[tokio::test]
async fn all_faults_of_a_message_are_told_by_field() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let body = json!({
        "message": "", "senderType": "robot", "senderName": "x".repeat(101), "isInternal": "yes",
        "attachments": [{"url": "ftp://kamhub.example/a", "name": ""}], "createdAt": "yesterday",
    });
    let reply = post(&app, &ticket, body).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    let fields: Vec<&str> = faults.keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        [
            "attachments.0.name",
            "attachments.0.url",
            "createdAt",
            "isInternal",
            "message",
            "senderName",
            "senderType"
        ]
    );
    post(&app, &ticket, json!({"message": "x".repeat(10_001)}))
        .await
        .fault(400, "VALIDATION_FAILED");
    post(&app, &ticket, json!({"message": "x".repeat(10_000)})).await.data(201);
    let files = vec![json!({"url": "https://a.example/b", "name": "b"}); 21];
    let reply = post(&app, &ticket, json!({"message": "x", "attachments": files})).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["attachments"].is_string());
    let nobody = json!({"message": "x", "senderId": "4711"});
    assert!(
        post(&app, &ticket, nobody).await.fault(400, "VALIDATION_FAILED")["senderId"].is_string()
    );
    let customers = |sender: Value| {
        let body = json!({"message": "x", "senderType": "customer", "senderId": sender});
        let (app, ticket) = (&app, &ticket);
        async move { post(app, ticket, body).await }
    };
    let reply = customers(json!("999999")).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["senderId"].is_string());
    for known in [&ticket["requesterId"], &ticket["customerId"]] {
        assert_eq!(customers(known.clone()).await.data(201)["senderId"], *known);
    }
    let unknown = json!({"id": "999"});
    post(&app, &unknown, json!({"message": "x"})).await.fault(404, "NOT_FOUND");
    app.anonymous
        .post(&format!("{}/messages", path(&ticket)), json!({"message": "x"}))
        .await
        .fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn who_speaks_is_decided_by_the_credentials_and_not_by_the_body() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let claim = json!({"message": "Hello", "senderType": "system", "senderId": "99",
        "senderName": "The director"});
    let target = messages(&ticket);
    let person = person(&app).await;
    let by_person = person.post(&target, claim.clone()).await.data(201).clone();
    assert_eq!(by_person["senderType"], "agent");
    assert_eq!(by_person["senderName"], "Анна Лебедева");
    assert_eq!(by_person["senderId"], json!(null));
    let same = agent(&app, "Anna", json!({"email": "anna@kamhub.example"})).await;
    let by_agent = person.post(&target, claim.clone()).await.data(201).clone();
    assert_eq!(by_agent["senderId"], same["id"]);
    let by_customer = customer(&app, &ticket).post(&target, claim).await.data(201).clone();
    assert_eq!(by_customer["senderType"], "customer");
    assert_eq!(by_customer["senderName"], ticket["customerName"]);
    assert_eq!(by_customer["senderId"], ticket["requesterId"]);
    let boris = agent(&app, "Boris", json!({})).await;
    let body = json!({"message": "x", "senderId": boris["id"]});
    let for_agent = post(&app, &ticket, body).await.data(201).clone();
    assert_eq!((&for_agent["senderName"], &for_agent["senderId"]), (&json!("Boris"), &boris["id"]));
    let for_customer = say(&app, &ticket, "customer", "x").await;
    assert_eq!(for_customer["senderName"], ticket["customerName"]);
    assert_eq!(for_customer["senderId"], ticket["requesterId"]);
    let of_system = say(&app, &ticket, "system", "x").await;
    assert_eq!(of_system["senderType"], "system");
    let viewer = app.key(Role::Viewer, None).await;
    viewer.post(&target, json!({"message": "x"})).await.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn internal_notes_are_written_and_seen_by_the_desk_only() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let boris = agent(&app, "Boris", json!({})).await;
    let note = json!({"message": "Is this the same card?", "isInternal": true});
    let note = post(&app, &ticket, note).await.data(201).clone();
    let answer = json!({"message": "We look into it.", "senderId": boris["id"]});
    let answer = post(&app, &ticket, answer).await.data(201).clone();
    let me = customer(&app, &ticket);
    let seen = me.get(&messages(&ticket)).await;
    assert_eq!((&seen.json["total"], &seen.data(200)[0]["id"]), (&json!(1), &answer["id"]));
    assert_eq!(seen.data(200)[0]["senderName"], "Boris");
    assert_eq!(seen.data(200)[0]["senderId"], json!(null), "an agent's id is not for customers");
    assert_eq!(texts(&app, &ticket).await.len(), 2);
    let secret = me.post(&messages(&ticket), json!({"message": "x", "isInternal": true})).await;
    assert!(secret.fault(400, "VALIDATION_FAILED")["isInternal"].is_string());
    let for_customer = json!({"message": "x", "senderType": "customer", "isInternal": true});
    let fault = post(&app, &ticket, for_customer).await;
    assert!(fault.fault(400, "VALIDATION_FAILED")["isInternal"].is_string());
    // A note is no message that a customer could have seen, or rate.
    let blind = json!({"message": "x", "lastSeenMessageId": note["id"]});
    let fault = me.post(&messages(&ticket), blind).await;
    assert!(fault.fault(400, "VALIDATION_FAILED")["lastSeenMessageId"].is_string());
    me.post(&rating(&note), json!({"rating": 5})).await.fault(404, "NOT_FOUND");
    me.post(&rating(&answer), json!({"rating": 5})).await.data(200);
}

#[tokio::test]
async fn a_customer_reaches_their_own_tickets_only() {
    let app = TestApp::start().await;
    let mine = create(&app.admin, json!({})).await;
    let other =
        json!({"customerId": 43, "customerEmail": "oleg@example.com", "customerName": "Олег"});
    let theirs = create(&app.admin, other).await;
    let answer = say(&app, &theirs, "agent", "Hello Oleg").await;
    let me = customer(&app, &mine);
    me.get(&messages(&mine)).await.data(200);
    me.get(&messages(&theirs)).await.fault(404, "NOT_FOUND");
    me.post(&messages(&theirs), json!({"message": "x"})).await.fault(404, "NOT_FOUND");
    me.post(&rating(&answer), json!({"rating": 1})).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn whoever_has_the_link_of_a_ticket_reads_writes_and_rates_there() {
    let app = TestApp::start().await;
    let claim = app.anonymous.post("/api/support/tickets", ticket_body()).await.data(201).clone();
    let other =
        create(&app.admin, json!({"customerId": 43, "customerEmail": "o@example.com"})).await;
    let note = json!({"message": "A note", "isInternal": true});
    post(&app, &claim, note).await.data(201);
    let answer = say(&app, &claim, "agent", "Hello").await;
    let link = app.admin.post(&format!("{}/access-link", path(&claim)), json!({})).await;
    let holder = app.anonymous.header("x-ticket-access", link.data(201)["token"].as_str().unwrap());
    assert_eq!(seen_by(&holder, &claim).await, ["Hello"]);
    let mine = holder.post(&messages(&claim), json!({"message": "Thanks"})).await;
    assert_eq!(mine.data(201)["senderType"], "customer");
    holder.post(&rating(&answer), json!({"rating": 5})).await.data(200);
    holder.get(&messages(&other)).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_answer_written_without_the_newest_message_in_sight_is_refused_with_it() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let first = say(&app, &ticket, "customer", "Hello?").await;
    let second = say(&app, &ticket, "agent", "Hello!").await;
    let note = json!({"message": "A note", "isInternal": true});
    post(&app, &ticket, note).await.data(201);
    let late = json!({"message": "Hello too!", "lastSeenMessageId": first["id"]});
    let reply = post(&app, &ticket, late).await;
    reply.fault(409, "NEWER_MESSAGE");
    assert_eq!(reply.json["current"]["id"], second["id"]);
    assert_eq!(reply.json["current"]["message"], "Hello!");
    let seen = json!({"message": "And goodbye", "lastSeenMessageId": second["id"]});
    post(&app, &ticket, seen).await.data(201);
    let other = create(&app.admin, json!({})).await;
    let elsewhere = json!({"message": "x", "lastSeenMessageId": second["id"]});
    let fault = post(&app, &other, elsewhere).await;
    assert!(fault.fault(400, "VALIDATION_FAILED")["lastSeenMessageId"].is_string());
}

#[tokio::test]
async fn of_agents_who_answer_at_once_one_is_told_of_the_other() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let seen = say(&app, &ticket, "customer", "Hello?").await;
    let body = json!({"message": "Hello!", "lastSeenMessageId": seen["id"]});
    let answers = (0..8).map(|_| post(&app, &ticket, body.clone()));
    let replies = futures::future::join_all(answers).await;
    let stored = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(stored, 1);
    assert!(
        replies.iter().all(|reply| reply.status == 201 || reply.json["code"] == "NEWER_MESSAGE")
    );
}

#[tokio::test]
async fn the_same_key_stores_a_message_once() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let caller = app.admin.header("idempotency-key", "m-1");
    let target = format!("{}/messages", path(&ticket));
    let posts = (0..10).map(|_| caller.post(&target, json!({"message": "Once"})));
    let replies = futures::future::join_all(posts).await;
    for reply in &replies {
        assert_eq!(reply.data(201), replies[0].data(201));
    }
    assert_eq!(texts(&app, &ticket).await, ["Once"]);
    caller.post(&target, json!({"message": "Twice"})).await.fault(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn messages_are_paged_in_order_by_offset_and_by_cursor() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    for count in 0..7 {
        say(&app, &ticket, "agent", &format!("{count}")).await;
        if count % 2 == 0 {
            app.clock.advance(Duration::seconds(1));
        }
    }
    let list = format!("{}/messages", path(&ticket));
    let mut found = Vec::new();
    let mut target = format!("{list}?limit=3");
    loop {
        let reply = app.admin.get(&target).await;
        found.extend(reply.data(200).as_array().unwrap().clone());
        assert_eq!(reply.json["total"], 7);
        let Some(cursor) = reply.json["nextCursor"].as_str() else { break };
        target = format!("{list}?limit=3&cursor={cursor}");
    }
    let texts: Vec<&str> = found.iter().map(|row| row["message"].as_str().unwrap()).collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "6"]);
    let second = app.admin.get(&format!("{list}?limit=3&offset=3")).await;
    assert_eq!(second.data(200)[0]["message"], "3");
    assert_eq!(second.json["page"], 2);
    let reply = app.admin.get(&format!("{list}?limit=101&offset=10001&cursor=x&total=some")).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    assert!(faults.contains_key("limit") && faults.contains_key("offset"));
    let reply = app.admin.get(&format!("{list}?cursor=x&total=some")).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    assert!(faults.contains_key("cursor") && faults.contains_key("total"));
    app.admin.get("/api/support/tickets/999/messages").await.fault(404, "NOT_FOUND");
}
