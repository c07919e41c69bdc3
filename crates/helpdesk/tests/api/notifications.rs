//! Who is told what, and what becomes of it.

use chrono::Duration;
use kamhub_helpdesk::ids::TicketId;
use kamhub_helpdesk::sla::service::audit;
use kamhub_kernel::Role;
use kamhub_testkit::TestApp;
use kamhub_testkit::smtp::Manners;
use serde_json::json;

use crate::notifying::{Desk, inbox, kinds};
use crate::sla::{clock, policy};
use crate::speaking::{post, say};
use crate::support::{create, patch, ticket_with};

const CUSTOMER: &str = "irina@example.com";

#[tokio::test]
async fn an_anonymous_claim_is_confirmed_by_its_number_and_repeats_nothing_that_was_typed() {
    let desk = Desk::start().await;
    let ticket =
        create(&desk.app.anonymous, json!({"subject": "Win a prize at evil.example"})).await;
    desk.work().await;
    let mails = desk.mail.mails_to(CUSTOMER);
    assert_eq!(mails.len(), 1);
    let (text, html) = mails[0].bodies();
    let number = ticket["ticketNumber"].as_str().unwrap();
    assert!(mails[0].subject().contains(number), "{}", mails[0].subject());
    assert!(text.contains(number) && html.contains(number));
    for typed in ["evil", "charged", "Соколова"] {
        assert!(
            !mails[0].subject().contains(typed) && !text.contains(typed) && !html.contains(typed)
        );
    }
    assert_eq!(mails[0].header("auto-submitted"), "auto-generated");
    assert_eq!(mails[0].header("x-auto-response-suppress"), "All");
    let link = text.split_whitespace().find(|word| word.starts_with(&desk.app.base)).unwrap();
    let token = link.rsplit('/').next().and_then(|last| last.split('?').next()).unwrap();
    let path = format!("/api/support/tickets/{}?access={token}", ticket["id"].as_str().unwrap());
    assert_eq!(desk.app.anonymous.get(&path).await.data(200)["id"], ticket["id"]);
}

#[tokio::test]
async fn nobody_can_fill_a_strangers_mailbox_with_confirmations() {
    let desk = Desk::start().await;
    for _ in 0..7 {
        create(&desk.app.anonymous, json!({})).await;
    }
    desk.work().await;
    assert_eq!(desk.mail.mails_to(CUSTOMER).len(), 5);
    desk.app.clock.advance(Duration::hours(1));
    create(&desk.app.anonymous, json!({})).await;
    desk.work().await;
    assert_eq!(desk.mail.mails_to(CUSTOMER).len(), 6);
}

#[tokio::test]
async fn a_known_customer_is_told_of_answers_and_of_the_resolution_and_never_of_notes() {
    let desk = Desk::start().await;
    let ticket = create(&desk.app.admin, json!({})).await;
    say(&desk.app, &ticket, "agent", "The second charge <b>was</b> refunded.").await;
    let note = json!({"senderType": "agent", "message": "A difficult one.", "isInternal": true});
    post(&desk.app, &ticket, note).await.data(201);
    let solved = json!({"status": "resolved", "resolution": "Refunded in full."});
    patch(&desk.app, &ticket, solved).await.data(200);
    desk.work().await;
    desk.work().await;
    let receipts = desk.receipts(&ticket).await;
    assert_eq!(kinds(&receipts), ["ticket_received", "agent_reply", "ticket_resolved"]);
    let mails = desk.mail.mails_to(CUSTOMER);
    assert_eq!(mails.len(), 3);
    let all: String = mails.iter().map(|mail| mail.raw.clone()).collect();
    assert!(!all.contains("difficult"));
    let (text, html) = mails[1].bodies();
    assert!(text.contains("> The second charge <b>was</b> refunded."), "{text}");
    assert!(!html.contains("<b>was</b>"), "{html}");
    assert_eq!(mails[1].header("auto-submitted"), "", "a person wrote it");
    assert!(mails[2].bodies().0.contains("Refunded in full."));
    assert_eq!(mails[0].header("references"), mails[2].header("references"));
    for (receipt, mail) in receipts.iter().zip(&mails) {
        assert_eq!((&receipt["status"], &receipt["attempts"]), (&json!("sent"), &json!(1)));
        assert!(mail.header("message-id").contains(receipt["stableId"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_customer_is_asked_how_it_was_with_a_link_for_each_star() {
    let desk = Desk::with(|settings| settings.csat_delay = Some(std::time::Duration::ZERO)).await;
    let ticket = create(&desk.app.admin, json!({})).await;
    patch(&desk.app, &ticket, json!({"status": "in_progress"})).await.data(200);
    patch(&desk.app, &ticket, json!({"status": "resolved"})).await.data(200);
    desk.work().await;
    desk.later(Duration::hours(1)).await;
    let mails = desk.mail.mails_to(CUSTOMER);
    let (text, html) = mails.last().unwrap().bodies();
    for stars in 1..=5 {
        let link = format!("&rating={stars}");
        assert!(text.contains(&link) && html.contains(&format!("rating={stars}")), "{text}{html}");
    }
    assert_eq!(kinds(&desk.receipts(&ticket).await).last(), Some(&"feedback_request"));
}

#[tokio::test]
async fn mail_speaks_the_customers_language() {
    let desk = Desk::start().await;
    create(&desk.app.admin, json!({})).await;
    let english =
        json!({"customerName": "Ann Lee", "customerEmail": "ann@example.com", "customerId": 43});
    create(&desk.app.admin, english).await;
    desk.work().await;
    assert!(desk.mail.mails_to(CUSTOMER)[0].bodies().0.contains("Здравствуйте"));
    assert!(desk.mail.mails_to("ann@example.com")[0].bodies().0.contains("Hello Ann Lee"));
}

#[tokio::test]
async fn what_was_imported_tells_nobody() {
    let desk = Desk::start().await;
    let past = json!({"createdAt": "2025-12-28T10:00:00Z"});
    let ticket = desk.app.admin.post("/api/support/tickets", ticket_with(past)).await;
    let ticket = ticket.data(201).clone();
    let old =
        json!({"senderType": "agent", "message": "Long ago.", "createdAt": "2025-12-29T10:00:00Z"});
    post(&desk.app, &ticket, old).await.data(201);
    desk.work().await;
    assert_eq!(desk.mail.mails(), []);
    say(&desk.app, &ticket, "agent", "And one more thing.").await;
    desk.work().await;
    assert_eq!(kinds(&desk.receipts(&ticket).await), ["agent_reply"]);
}

#[tokio::test]
async fn history_that_is_brought_to_its_end_tells_nobody_and_what_people_do_today_is_told() {
    let desk = Desk::with(|settings| settings.csat_delay = Some(std::time::Duration::ZERO)).await;
    let (_, anna) = desk.colleague("Anna", Role::Agent).await;
    let import = async || {
        let past = json!({"createdAt": "2025-05-06T10:00:00Z"});
        let ticket = create(&desk.app.admin, past).await;
        let old = json!({"senderType": "agent", "message": "Long ago.",
            "createdAt": "2025-05-07T10:00:00Z"});
        post(&desk.app, &ticket, old).await.data(201);
        ticket
    };
    let (history, by_person, by_key) = (import().await, import().await, import().await);
    let resolved = json!({"status": "resolved", "resolution": "Refunded."});
    patch(&desk.app, &history, resolved.clone()).await.data(200);
    anna.patch(&crate::support::path(&by_person), resolved.clone()).await.data(200);
    say(&desk.app, &by_key, "agent", "It was refunded today.").await;
    patch(&desk.app, &by_key, resolved).await.data(200);
    desk.work().await;
    desk.later(Duration::hours(1)).await;
    for (ticket, expected) in [
        (&history, &[][..]),
        (&by_person, &["ticket_resolved"]),
        (&by_key, &["agent_reply", "ticket_resolved"]),
    ] {
        let mut told = desk.receipts(ticket).await;
        told.retain(|receipt| receipt["destination"] == CUSTOMER);
        assert_eq!(kinds(&told), expected);
    }
}

#[tokio::test]
async fn without_a_mail_server_no_mail_is_planned() {
    let app = TestApp::start().await;
    let desk = Desk { app, ..Desk::start().await };
    let ticket = create(&desk.app.admin, json!({})).await;
    desk.work().await;
    assert_eq!(desk.receipts(&ticket).await, Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn the_agent_finds_assignments_and_the_customers_messages_in_the_inbox_and_reads_them() {
    let desk = Desk::start().await;
    let (_, anna) = desk.colleague("Anna", Role::Agent).await;
    let ticket = create(&desk.app.admin, json!({})).await;
    say(&desk.app, &ticket, "customer", "Is there any news?").await;
    desk.work().await;
    let rows = inbox(&anna).await;
    assert_eq!(kinds(&rows), ["customer_message", "ticket_assigned"]);
    assert_eq!(rows[0]["text"], "Is there any news?");
    assert_eq!(rows[0]["ticketNumber"], ticket["ticketNumber"]);
    assert_eq!(desk.mail.mails_to("anna@agents.example.com").len(), 2);

    let unread = "/api/support/notifications/unread";
    assert_eq!(anna.get(unread).await.data(200)["unread"], 2);
    let newest = rows[0]["id"].as_str().unwrap();
    let read = format!("/api/support/notifications/{newest}/read");
    let entry = anna.post(&read, json!({})).await.data(200).clone();
    assert!(entry["readAt"].is_string());
    assert_eq!(anna.post(&read, json!({})).await.data(200)["readAt"], entry["readAt"]);
    assert_eq!(kinds(&inbox(&anna).await), ["ticket_assigned", "customer_message"]);
    let all = "/api/support/notifications/read-all";
    let oldest = json!({"upTo": rows[1]["id"]});
    assert_eq!(anna.post(all, oldest).await.data(200)["read"], 1);
    assert_eq!(anna.get(unread).await.data(200)["unread"], 0);

    let (_, boris) = desk.colleague("Boris", Role::Agent).await;
    assert_eq!(inbox(&boris).await, Vec::<serde_json::Value>::new());
    boris.post(&read, json!({})).await.fault(404, "NOT_FOUND");
    desk.app.admin.get(unread).await.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn the_inbox_is_walked_by_cursor_unread_entries_first() {
    let desk = Desk::start().await;
    let (_, anna) = desk.colleague("Anna", Role::Agent).await;
    for _ in 0..5 {
        create(&desk.app.admin, json!({})).await;
    }
    desk.work().await;
    let rows = inbox(&anna).await;
    let second = rows[1]["id"].as_str().unwrap();
    anna.post(&format!("/api/support/notifications/{second}/read"), json!({})).await.data(200);
    let (mut path, mut walked) = ("/api/support/notifications?limit=2".to_owned(), Vec::new());
    for _ in 0..3 {
        let reply = anna.get(&path).await;
        walked.extend(reply.data(200).as_array().unwrap().clone());
        assert_eq!(reply.json["total"], 5);
        let Some(cursor) = reply.json["nextCursor"].as_str() else { break };
        path = format!("/api/support/notifications?limit=2&cursor={cursor}");
    }
    let ids = |rows: &[serde_json::Value]| rows.iter().map(|r| r["id"].clone()).collect::<Vec<_>>();
    let mut expected = ids(&rows);
    let read = expected.remove(1);
    expected.push(read);
    assert_eq!(ids(&walked), expected);
}

#[tokio::test]
async fn a_person_decides_what_comes_how_and_when() {
    let desk = Desk::start().await;
    let (_, anna) = desk.colleague("Anna", Role::Agent).await;
    let path = "/api/support/notifications/preferences";
    let before = anna.get(path).await.data(200).clone();
    assert_eq!(before["channels"]["customer_message"], json!({"email": true, "dashboard": true}));
    // It is 03:00 in UTC.
    let choice = json!({
        "language": "en", "timezone": "UTC", "quietHours": {"from": "22:00", "to": "08:00"},
        "channels": {"ticket_assigned": {"email": false}, "customer_message": {"dashboard": false},
            // The first response is late before the night is over.
            "sla_breach": {"email": false}},
    });
    let after = anna.put(path, choice).await.data(200).clone();
    assert_eq!(anna.get(path).await.data(200), &after);
    let ticket = create(&desk.app.admin, json!({})).await;
    say(&desk.app, &ticket, "customer", "Is there any news?").await;
    desk.work().await;
    assert_eq!(kinds(&inbox(&anna).await), ["ticket_assigned"]);
    let mails = || desk.mail.mails_to("anna@agents.example.com");
    assert_eq!(mails(), []);
    desk.later(Duration::minutes(299)).await;
    assert_eq!(mails(), []);
    desk.later(Duration::minutes(1)).await;
    // A missed deadline may be told by then, too.
    let texts: Vec<String> = mails().iter().map(|mail| mail.bodies().0).collect();
    let told: Vec<_> = texts.iter().filter(|text| text.contains("Is there any news?")).collect();
    assert_eq!(told.len(), 1, "{texts:?}");
    assert!(told[0].contains("Hello "), "{told:?}");
}

#[tokio::test]
async fn preferences_with_faults_change_nothing() {
    let desk = Desk::start().await;
    let (_, anna) = desk.colleague("Anna", Role::Agent).await;
    let path = "/api/support/notifications/preferences";
    let before = anna.get(path).await.data(200).clone();
    for (body, field) in [
        (json!({"timezone": "Mars/Olympus"}), "timezone"),
        (json!({"language": "fr"}), "language"),
        (json!({"quietHours": {"from": "25:00", "to": "08:00"}}), "quietHours.from"),
        (json!({"quietHours": {"from": "08:00", "to": "08:00"}}), "quietHours"),
        (json!({"channels": {"everything": {"email": false}}}), "channels"),
        (json!({"channels": {"agent_reply": {"email": false}}}), "channels"),
    ] {
        let reply = anna.put(path, body.clone()).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")[field].is_string(), "{body}: {}", reply.text);
    }
    assert_eq!(anna.get(path).await.data(200), &before);
    desk.app.admin.get(path).await.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn mail_that_may_have_arrived_comes_again_with_the_same_message_id() {
    let desk = Desk::start().await;
    desk.mail.treat(&[Manners::Refuse("450 4.2.1 busy"), Manners::TakeAndHangUp]);
    let ticket = create(&desk.app.admin, json!({})).await;
    assert_eq!(desk.work().await.retried, 1);
    let receipt = desk.receipts(&ticket).await.remove(0);
    assert_eq!((&receipt["status"], &receipt["attempts"]), (&json!("retrying"), &json!(1)));
    assert!(receipt["lastError"].as_str().unwrap().contains("4.2.1 busy"));
    assert!(receipt["nextAttemptAt"].is_string());
    for _ in 0..4 {
        desk.later(Duration::minutes(1)).await;
    }
    let mails = desk.mail.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].raw, mails[1].raw);
    let receipt = desk.receipts(&ticket).await.remove(0);
    assert_eq!((&receipt["status"], &receipt["attempts"]), (&json!("sent"), &json!(3)));
}

#[tokio::test]
async fn mail_that_was_given_up_is_reported_in_another_channel_and_can_be_replayed() {
    let desk = Desk::start().await;
    let (_, boss) = desk.colleague("Boss", Role::Admin).await;
    desk.mail.treat(&[Manners::Refuse("550 5.1.1 no such mailbox")]);
    let offline = json!({"status": "offline"});
    let agents = desk.app.admin.get("/api/support/agents").await.data(200)[0]["id"].clone();
    let path = format!("/api/support/agents/{}/status", agents.as_str().unwrap());
    desk.app.admin.put(&path, offline).await.data(200);
    let ticket = create(&desk.app.admin, json!({})).await;
    assert_eq!(desk.work().await.dead, 1);
    let receipt = desk.receipts(&ticket).await.remove(0);
    assert_eq!(receipt["status"], "failed");
    let told = inbox(&boss).await;
    assert_eq!(kinds(&told), ["delivery_failed"]);
    assert!(told[0]["text"].as_str().unwrap().contains("no such mailbox"), "{told:?}");

    let range = json!({"kind": "notifications.send_email"});
    let replay = "/api/support/operations/dead-letters/replay";
    assert_eq!(desk.app.admin.post(replay, range).await.data(200)["replayed"], 1);
    assert_eq!(desk.receipts(&ticket).await[0]["status"], "retrying");
    desk.work().await;
    assert_eq!(desk.receipts(&ticket).await[0]["status"], "sent");
    let mail = desk.mail.mails_to(CUSTOMER).remove(0);
    assert!(mail.header("message-id").contains(receipt["stableId"].as_str().unwrap()));
}

#[tokio::test]
async fn an_answer_that_bounces_was_none_and_its_agent_learns_it() {
    let desk = Desk::start().await;
    policy(&desk.app, json!({})).await;
    let (_, anna) = desk.colleague("Anna", Role::Agent).await;
    let ticket = create(&desk.app.admin, json!({})).await;
    let state = async || clock(&desk.app, &ticket, "first_response").await["state"].clone();
    desk.work().await;
    let answer = say(&desk.app, &ticket, "agent", "The second charge was refunded.").await;
    assert_eq!(state().await, "fulfilled");
    desk.mail.treat(&[Manners::Refuse("550 5.1.1 no such mailbox")]);
    assert_eq!(desk.work().await.dead, 1);
    assert_eq!(state().await, "running");
    let told = inbox(&anna).await;
    assert_eq!(told[0]["kind"], "delivery_failed", "{told:?}");
    assert_eq!((&told[0]["author"], &told[0]["ticketId"]), (&json!(CUSTOMER), &ticket["id"]));
    assert!(told[0]["text"].as_str().unwrap().contains("no such mailbox"), "{told:?}");
    let events = format!("/api/support/tickets/{}/events", ticket["id"].as_str().unwrap());
    let events = desk.app.admin.get(&events).await.data(200).clone();
    let bounced = events.as_array().unwrap().iter().find(|it| it["type"] == "message_bounced");
    assert_eq!(bounced.unwrap()["data"]["messageId"], answer["id"], "{events}");
}

#[tokio::test]
async fn an_answer_that_bounced_and_arrives_after_all_is_one_when_it_arrives() {
    let desk = Desk::start().await;
    policy(&desk.app, json!({})).await;
    desk.colleague("Anna", Role::Agent).await;
    let ticket = create(&desk.app.admin, json!({})).await;
    desk.work().await;
    let answer = say(&desk.app, &ticket, "agent", "The second charge was refunded.").await;
    desk.mail.treat(&[Manners::Refuse("550 5.1.1 no such mailbox")]);
    desk.work().await;
    assert_eq!(clock(&desk.app, &ticket, "first_response").await["state"], "running");
    desk.app.clock.advance(Duration::hours(1));
    let replay = "/api/support/operations/dead-letters/replay";
    assert_eq!(desk.app.admin.post(replay, json!({})).await.data(200)["replayed"], 1);
    desk.work().await;
    let first = clock(&desk.app, &ticket, "first_response").await;
    assert_eq!((&first["state"], &first["fulfilledBy"]), (&json!("fulfilled"), &answer["id"]));
    assert_eq!(first["consumedSeconds"], 3600, "until it arrived");
    let id: i64 = ticket["id"].as_str().unwrap().parse().unwrap();
    let mut connection = desk.app.app.db.connection().await.unwrap();
    let found = audit::compare(&mut connection, TicketId(id)).await.unwrap();
    assert_eq!(found.stored, found.rebuilt, "the timeline says the same");
}

#[tokio::test]
async fn receipts_are_for_staff_and_of_tickets_that_exist() {
    let desk = Desk::start().await;
    let ticket = create(&desk.app.admin, json!({})).await;
    let path =
        format!("/api/support/notifications?ticketId={}", ticket["ticketNumber"].as_str().unwrap());
    desk.app.anonymous.get(&path).await.fault(401, "UNAUTHENTICATED");
    desk.app.admin.get(&path).await.data(200);
    desk.app.admin.get("/api/support/notifications?ticketId=999").await.fault(404, "NOT_FOUND");
    let reply = desk.app.admin.get("/api/support/notifications?ticketId=x").await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["ticketId"].is_string());
    let reply = desk.app.admin.get("/api/support/notifications").await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["ticketId"].is_string(), "a key has no inbox");
}
