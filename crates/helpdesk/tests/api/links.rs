//! What a customer's signed link opens, and what stays out of reach of it.

use chrono::Duration;
use kamhub_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::help_centre::{browser, page_of, send, token};
use crate::speaking::{customer, messages, now, say, seen_by};
use crate::support::{bring_to, create, patch, path};

/// Whoever has the link of this ticket.
async fn holder(app: &TestApp, ticket: &Value) -> Client {
    let link = app.admin.post(&format!("{}/access-link", path(ticket)), json!({})).await;
    app.anonymous.header("x-ticket-access", link.data(201)["token"].as_str().unwrap())
}

async fn merge(app: &TestApp, source: &Value, target: &Value) {
    let into = json!({"into": target["id"]});
    app.admin.post(&format!("{}/merge", path(source)), into).await.data(200);
}

/// The ids of the tickets in the caller's list, oldest first.
async fn listed(client: &Client) -> Vec<Value> {
    let reply = client.get("/api/support/tickets?sortOrder=ASC").await;
    reply.data(200).as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}

fn oleg() -> Value {
    json!({"customerId": 43, "customerEmail": "oleg@example.com", "customerName": "Олег Тайный"})
}

#[tokio::test]
async fn a_link_never_opens_another_customers_ticket_that_was_merged_into_its_own() {
    let app = TestApp::start().await;
    for anonymous in [false, true] {
        let author = if anonymous { &app.anonymous } else { &app.admin };
        let mine = create(author, json!({})).await;
        let theirs = create(author, oleg()).await;
        say(&app, &mine, "agent", "Hello Irina").await;
        say(&app, &theirs, "agent", "The private matter of Oleg").await;
        let me = holder(&app, &mine).await;
        merge(&app, &theirs, &mine).await;
        me.get(&path(&theirs)).await.fault(404, "NOT_FOUND");
        me.get(&messages(&theirs)).await.fault(404, "NOT_FOUND");
        assert_eq!(seen_by(&me, &mine).await, ["Hello Irina"], "anonymous: {anonymous}");
        let page = browser(&app).get(&page_of(&app, &mine).await).await;
        assert!(page.text.contains("Hello Irina"), "{}", page.text);
        assert!(!page.text.contains("Oleg") && !page.text.contains("Олег"), "{}", page.text);
        // The other one still finds what was said to them, and nothing else.
        let they = holder(&app, &theirs).await;
        assert_eq!(seen_by(&they, &theirs).await, ["The private matter of Oleg"]);
        they.get(&path(&mine)).await.fault(404, "NOT_FOUND");
        if !anonymous {
            assert_eq!(seen_by(&customer(&app, &mine), &mine).await, ["Hello Irina"]);
            customer(&app, &mine).get(&path(&theirs)).await.fault(404, "NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn a_link_opens_ones_own_ticket_that_was_merged_also_where_nobody_was_known_to_ask() {
    let app = TestApp::start().await;
    for (survivor, merged) in [
        (&app.admin, &app.admin),
        (&app.anonymous, &app.anonymous),
        (&app.admin, &app.anonymous),
        (&app.anonymous, &app.admin),
    ] {
        let survivor = create(survivor, json!({})).await;
        let merged = create(merged, json!({"customerEmail": "Irina@example.com"})).await;
        say(&app, &survivor, "agent", "One").await;
        app.clock.advance(Duration::minutes(1));
        say(&app, &merged, "agent", "Two").await;
        merge(&app, &merged, &survivor).await;
        let me = holder(&app, &survivor).await;
        assert_eq!(seen_by(&me, &survivor).await, ["One", "Two"]);
        me.get(&path(&merged)).await.data(200);
        let me = holder(&app, &merged).await;
        assert!(seen_by(&me, &merged).await.contains(&"Two".to_owned()));
    }
}

#[tokio::test]
async fn a_link_opens_what_continues_its_ticket_and_what_was_split_from_it() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let about = say(&app, &ticket, "customer", "And an invoice, please").await;
    let me = holder(&app, &ticket).await;
    let split = json!({"messageIds": [about["id"]], "subject": "Invoice"});
    let split = app.admin.post(&format!("{}/split", path(&ticket)), split).await.data(201).clone();
    assert_eq!(seen_by(&me, &split).await, ["And an invoice, please"]);

    bring_to(&app, &ticket, "closed").await;
    app.clock.advance(Duration::days(20));
    let message = me.post(&messages(&ticket), json!({"message": "It is back"})).await;
    assert_eq!(message.data(201)["followUp"], true);
    let follow_up = json!({"id": message.data(201)["ticketId"]});
    assert_eq!(seen_by(&me, &follow_up).await, ["It is back"]);
    me.get(&path(&follow_up)).await.data(200);
    assert_eq!(
        listed(&me).await,
        [ticket["id"].clone(), split["id"].clone(), follow_up["id"].clone()]
    );
    let page = browser(&app).get(&page_of(&app, &ticket).await).await;
    for other in [&split, &follow_up] {
        let number = now(&app, other).await["ticketNumber"].as_str().unwrap().to_owned();
        let (before, _) = page.text.split_once(&number).expect("a line with the number");
        let (_, href) = before.rsplit_once("href=\"").unwrap();
        let there = browser(&app).get(href.split('"').next().unwrap()).await;
        assert_eq!(there.status, 200);
        assert!(there.text.contains(&number), "{}", there.text);
    }
    // Somebody else's link opens none of it, and neither does this one open anything else.
    let other = create(&app.admin, json!({})).await;
    me.get(&path(&other)).await.fault(404, "NOT_FOUND");
    let they = holder(&app, &create(&app.admin, oleg()).await).await;
    they.get(&path(&follow_up)).await.fault(404, "NOT_FOUND");
    holder(&app, &follow_up).await.get(&path(&ticket)).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_link_follows_a_chain_of_follow_ups_and_a_merged_ticket() {
    let app = TestApp::start().await;
    let mine = create(&app.anonymous, json!({})).await;
    let theirs = create(&app.admin, oleg()).await;
    merge(&app, &mine, &theirs).await;
    let me = holder(&app, &mine).await;
    let mut last = theirs.clone();
    let mut asked = mine.clone();
    for text in ["Again", "And again"] {
        bring_to(&app, &last, "closed").await;
        app.clock.advance(Duration::days(10));
        let message = me.post(&messages(&asked), json!({"message": text})).await.data(201).clone();
        assert_eq!(message["followUp"], true);
        last = json!({"id": message["ticketId"]});
        asked = last.clone();
        assert_eq!(seen_by(&me, &last).await, [text]);
    }
    me.get(&path(&theirs)).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_the_desk_notes_is_not_in_the_conflicts_that_a_customer_gets() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({"tags": ["vip"], "team": "payments"})).await;
    let other = create(&app.admin, json!({})).await;
    let me = holder(&app, &ticket).await;
    let outdated = me.header("if-match", "\"99\"");
    let stale = outdated.post(&format!("{}/close", path(&ticket)), json!({})).await;
    stale.fault(409, "VERSION_CONFLICT");
    merge(&app, &ticket, &other).await;
    let merged = me.post(&format!("{}/reopen", path(&ticket)), json!({})).await;
    merged.fault(409, "TICKET_MERGED");
    for reply in [stale, merged] {
        let current = &reply.json["current"];
        assert_eq!(current["id"], ticket["id"]);
        assert_eq!((&current["tags"], &current["team"]), (&json!([]), &json!(null)));
        assert_eq!(current["slaDueAt"], json!(null));
    }
}

#[tokio::test]
async fn a_customer_reopens_within_the_window_only_and_the_desk_always() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let me = holder(&app, &ticket).await;
    let reopen = format!("{}/reopen", path(&ticket));
    bring_to(&app, &ticket, "closed").await;
    me.post(&reopen, json!({})).await.data(200);
    patch(&app, &ticket, json!({"status": "closed"})).await.data(200);
    app.clock.advance(Duration::days(20));
    for client in [&me, &customer(&app, &ticket)] {
        let late = client.post(&reopen, json!({})).await;
        late.fault(409, "REOPEN_TOO_LATE");
        assert!(
            late.json["message"].as_str().unwrap().contains("write a message"),
            "{}",
            late.text
        );
    }
    let address = page_of(&app, &ticket).await;
    let page = browser(&app).get(&address).await;
    assert!(!page.text.contains("/reopen\""), "{}", page.text);
    assert!(page.text.contains("a new one continues it"), "{}", page.text);
    let form = token(&page);
    let pressed = send(&browser(&app), &format!("{address}/reopen"), &[("form", &form)]).await;
    assert_eq!(pressed.status, 409);
    assert_eq!(now(&app, &ticket).await["status"], "closed");
    app.admin.post(&reopen, json!({})).await.data(200);
}

#[tokio::test]
async fn two_people_whose_tickets_were_merged_each_go_on_in_a_follow_up_of_their_own() {
    let app = TestApp::start().await;
    let mine = create(&app.anonymous, json!({})).await;
    let theirs = create(&app.anonymous, oleg()).await;
    merge(&app, &mine, &theirs).await;
    bring_to(&app, &theirs, "closed").await;
    app.clock.advance(Duration::days(20));
    let mut begun = Vec::new();
    for (ticket, text) in [(&mine, "Of Irina"), (&theirs, "Of Oleg"), (&mine, "More of Irina")] {
        let holder = holder(&app, ticket).await;
        let message = holder.post(&messages(ticket), json!({"message": text})).await;
        begun.push(json!({"id": message.data(201)["ticketId"]}));
    }
    assert_eq!(begun[0], begun[2]);
    let (me, they) = (holder(&app, &mine).await, holder(&app, &theirs).await);
    assert_eq!(seen_by(&me, &begun[0]).await, ["Of Irina", "More of Irina"]);
    assert_eq!(seen_by(&they, &begun[1]).await, ["Of Oleg"]);
    me.get(&path(&begun[1])).await.fault(404, "NOT_FOUND");
    they.get(&path(&begun[0])).await.fault(404, "NOT_FOUND");
}
