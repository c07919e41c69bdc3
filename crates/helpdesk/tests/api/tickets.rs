use chrono::Duration;
use kamhub_kernel::Role;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::speaking::customer;
use crate::support::{agent, bring_to, create, patch, path, ticket_body, ticket_with};

#[tokio::test]
async fn a_ticket_is_created_as_the_contract_prints_it() {
    let app = TestApp::start().await;
    let reply = app.anonymous.post("/api/support/tickets", ticket_body()).await;
    let ticket = reply.data(201);
    assert_eq!(reply.json["success"], true);
    assert_eq!(ticket["id"], "1");
    assert_eq!(ticket["ticketNumber"], "TKT-1");
    assert_eq!(ticket["status"], "open");
    assert_eq!(ticket["category"], "billing");
    assert_eq!(ticket["priority"], "high");
    assert_eq!(ticket["customerId"], "42");
    assert_eq!(ticket["createdAt"], "2026-03-02T03:00:00Z");
    assert_eq!(reply.header("location"), "/api/support/tickets/1");
    assert_eq!(reply.header("etag"), "\"1\"");
}

#[tokio::test]
async fn what_is_left_out_gets_its_default() {
    let app = TestApp::start().await;
    let mut body = ticket_body();
    for field in ["category", "priority", "customerId"] {
        body.as_object_mut().unwrap().remove(field);
    }
    let ticket = app.anonymous.post("/api/support/tickets", body).await.data(201).clone();
    assert_eq!(ticket["category"], "other");
    assert_eq!(ticket["priority"], "medium");
    assert_eq!(ticket["customerId"], Value::Null);
}

#[tokio::test]
async fn words_are_read_in_any_case_and_ids_as_text_or_number() {
    let app = TestApp::start().await;
    let changes = json!({"category": "BUG_REPORT", "priority": "Urgent", "customerId": "42"});
    let ticket = create(&app.anonymous, changes).await;
    assert_eq!(ticket["category"], "bug_report");
    assert_eq!(ticket["priority"], "urgent");
    assert_eq!(ticket["customerId"], "42");
}

#[tokio::test]
async fn all_faults_of_a_request_are_told_at_once_by_field() {
    let app = TestApp::start().await;
    let body = json!({
        "subject": "", "description": "short", "customerId": -1, "customerName": "x",
        "customerEmail": "nobody", "category": "weather", "priority": 7, "relatedBookingId": "abc",
        "tags": "vip", "attachments": [{"fileName": "a", "fileUrl": "ftp://example.com/a"}],
        "createdAt": "yesterday",
    });
    let reply = app.anonymous.post("/api/support/tickets", body).await;
    let errors = reply.fault(400, "VALIDATION_FAILED");
    let sentences = json!({
        "subject": "Subject must not be empty",
        "description": "Description must be at least 10 characters",
        "customerId": "Customer id must be a positive whole number",
        "customerName": "Customer name must be at least 2 characters",
        "customerEmail": "Invalid email format",
        "category": "Category must be one of billing, technical, booking, cancellation, refund, \
            feedback, bug_report, feature_request, other",
        "priority": "Priority must be a text",
        "relatedBookingId": "Related booking id must be a positive whole number",
        "tags": "Tags must be a list",
        "attachments.0.fileUrl": "File url must be an http or https address",
        "createdAt": "Created at must be an RFC 3339 time like 2025-12-28T09:00:00Z",
    });
    assert_eq!(errors, &sentences);
    assert!(!reply.json["requestId"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn every_bound_of_a_ticket_is_kept_to_the_letter() {
    let app = TestApp::start().await;
    let text = |length: usize| "ж".repeat(length);
    let good = [
        json!({"subject": text(255)}),
        json!({"description": text(10)}),
        json!({"description": text(5000)}),
        json!({"customerName": text(2)}),
        json!({"customerName": text(100)}),
    ];
    for changes in good {
        create(&app.anonymous, changes).await;
    }
    let bad = [
        ("subject", json!(text(256))),
        ("subject", json!("   ")),
        ("description", json!(text(9))),
        ("description", json!(text(5001))),
        ("customerName", json!(text(1))),
        ("customerName", json!(text(101))),
        ("customerEmail", json!(format!("{}@example.com", text(250)))),
        ("customerId", json!(0)),
        ("customerId", json!(1.5)),
        ("customerId", json!("9223372036854775808")),
        ("subject", json!("a\u{0}b")),
    ];
    for (field, value) in bad {
        let body = ticket_with(json!({field: value}));
        let reply = app.anonymous.post("/api/support/tickets", body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")[field].is_string(), "{}", reply.text);
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_and_never_a_fault_of_ours() {
    let app = TestApp::start().await;
    let send = |kind: &str, bytes: Vec<u8>| {
        let body = Some((kind.to_owned(), bytes));
        let client = app.anonymous.clone();
        async move { client.raw(reqwest::Method::POST, "/api/support/tickets", body).await }
    };
    send("application/json", b"{".to_vec()).await.fault(400, "MALFORMED_JSON");
    send("application/json", vec![b'"', 0xff, b'"']).await.fault(400, "MALFORMED_JSON");
    send("application/json", "[".repeat(10_000).into_bytes()).await.fault(400, "MALFORMED_JSON");
    send("application/json", b"null".to_vec()).await.fault(400, "VALIDATION_FAILED");
    send("text/plain", b"{}".to_vec()).await.fault(415, "UNSUPPORTED_MEDIA_TYPE");
    send("application/json", vec![b' '; 1024 * 1024 + 1]).await.fault(413, "BODY_TOO_LARGE");
    let empty = app.anonymous.raw(reqwest::Method::POST, "/api/support/tickets", None).await;
    assert_eq!(empty.fault(400, "VALIDATION_FAILED")["subject"], "Subject is required");
}

#[tokio::test]
async fn a_ticket_is_found_by_id_and_by_number_and_nothing_else_is_a_fault_of_ours() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    for name in ["1", "TKT-1", "tkt-1"] {
        let found = app.admin.get(&format!("/api/support/tickets/{name}")).await;
        assert_eq!(found.data(200), &ticket);
    }
    app.admin.get("/api/support/tickets/999").await.fault(404, "NOT_FOUND");
    for name in ["0", "-1", "abc", "TKT-", "1.5", "%00", "%FF", "9223372036854775808"] {
        let reply = app.admin.get(&format!("/api/support/tickets/{name}")).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["id"].is_string(), "{name}");
    }
}

#[tokio::test]
async fn the_same_key_fifty_times_at_once_makes_one_ticket() {
    let app = TestApp::start().await;
    let service = app.admin.header("idempotency-key", "order-4711");
    let calls = (0..50).map(|_| {
        let service = service.clone();
        tokio::spawn(async move { service.post("/api/support/tickets", ticket_body()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        let reply = call.await.unwrap();
        assert_eq!(reply.data(201)["id"], "1");
        assert_eq!(reply.header("etag"), "\"1\"");
        assert_eq!(reply.header("location"), "/api/support/tickets/1");
    }
    let other = ticket_with(json!({"subject": "Something else"}));
    service.post("/api/support/tickets", other).await.fault(422, "IDEMPOTENCY_KEY_REUSED");
    let list = app.admin.get("/api/support/tickets?total=exact").await;
    assert_eq!(list.json["total"], 1);
}

#[tokio::test]
async fn a_request_that_failed_leaves_its_key_free() {
    let app = TestApp::start().await;
    let service = app.admin.header("idempotency-key", "k");
    service.post("/api/support/tickets", json!({})).await.fault(400, "VALIDATION_FAILED");
    service.post("/api/support/tickets", ticket_body()).await.data(201);
}

#[tokio::test]
async fn every_step_between_states_answers_as_the_contract_says() {
    let app = TestApp::start().await;
    let states =
        ["open", "in_progress", "waiting_customer", "resolved", "closed", "reopened", "on_hold"];
    let allowed = |from: &str| match from {
        "open" => vec!["in_progress", "on_hold", "closed"],
        "in_progress" => vec!["resolved", "waiting_customer", "on_hold"],
        "waiting_customer" | "reopened" | "on_hold" => vec!["in_progress", "closed"],
        "resolved" => vec!["closed", "reopened"],
        "closed" => vec!["reopened"],
        _ => vec![],
    };
    for from in states {
        for to in states {
            let ticket = create(&app.admin, json!({})).await;
            bring_to(&app, &ticket, from).await;
            let reply = patch(&app, &ticket, json!({"status": to})).await;
            if allowed(from).contains(&to) {
                assert_eq!(reply.data(200)["status"], to, "{from} to {to}");
            } else {
                reply.fault(409, "INVALID_TICKET_STATUS");
                let message = format!("Cannot transition from {from} to {to}");
                assert_eq!(reply.json["message"], message);
            }
        }
    }
}

#[tokio::test]
async fn close_and_reopen_start_from_the_states_of_the_contract() {
    let app = TestApp::start().await;
    for (call, from) in [("close", ["resolved", "on_hold"]), ("reopen", ["closed", "resolved"])] {
        for state in
            ["open", "in_progress", "waiting_customer", "resolved", "closed", "reopened", "on_hold"]
        {
            let ticket = create(&app.admin, json!({})).await;
            bring_to(&app, &ticket, state).await;
            let reply = app.admin.post(&format!("{}/{call}", path(&ticket)), json!({})).await;
            if from.contains(&state) {
                assert_eq!(
                    reply.data(200)["status"],
                    if call == "close" { "closed" } else { "reopened" }
                );
            } else {
                reply.fault(409, "INVALID_TICKET_STATUS");
            }
        }
    }
}

#[tokio::test]
async fn reopening_clears_when_it_was_resolved_and_counts() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let resolved = bring_to(&app, &ticket, "resolved").await;
    assert_eq!(resolved["resolvedAt"], "2026-03-02T03:00:00Z");
    let reopened = app.admin.post(&format!("{}/reopen", path(&ticket)), json!({})).await;
    assert_eq!(reopened.data(200)["resolvedAt"], Value::Null);
    assert_eq!(reopened.data(200)["reopenedCount"], 1);
}

#[tokio::test]
async fn of_two_updates_with_the_same_version_one_wins_and_one_sees_the_current_ticket() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let seen = app.admin.header("if-match", "\"1\"");
    let update = |priority: &'static str| {
        let (seen, path) = (seen.clone(), path(&ticket));
        tokio::spawn(async move { seen.patch(&path, json!({"priority": priority})).await })
    };
    let (one, other) = (update("low"), update("urgent"));
    let mut replies = [one.await.unwrap(), other.await.unwrap()];
    replies.sort_by_key(|reply| reply.status);
    assert_eq!(replies[0].data(200)["version"], 2);
    replies[1].fault(409, "VERSION_CONFLICT");
    assert_eq!(replies[1].json["current"]["priority"], replies[0].json["data"]["priority"]);
    seen.header("if-match", "\"2\"").delete(&path(&ticket)).await;
    seen.header("if-match", "nonsense").get(&path(&ticket)).await;
}

#[tokio::test]
async fn an_update_changes_the_given_fields_only_and_null_empties() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({"team": "night", "tags": ["vip"]})).await;
    let changed = patch(&app, &ticket, json!({"priority": "low"})).await.data(200).clone();
    assert_eq!(changed["team"], "night");
    assert_eq!(changed["priority"], "low");
    let emptied = patch(&app, &ticket, json!({"team": null, "tags": []})).await.data(200).clone();
    assert_eq!(emptied["team"], Value::Null);
    assert_eq!(emptied["tags"], json!([]));
    let reply = patch(&app, &ticket, json!({"agentId": "77", "priority": "asap"})).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["priority"].is_string());
    let reply = patch(&app, &ticket, json!({"agentId": "77"})).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["agentId"].is_string());
    let same = app.admin.put(&path(&ticket), json!({"priority": "low"})).await;
    assert_eq!(same.data(200)["version"], emptied["version"], "nothing changed");
}

#[tokio::test]
async fn a_deleted_ticket_is_found_by_nobody_and_its_number_is_not_used_again() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    assert_eq!(app.admin.delete(&path(&ticket)).await.status, 204);
    app.admin.get(&path(&ticket)).await.fault(404, "NOT_FOUND");
    app.admin.delete(&path(&ticket)).await.fault(404, "NOT_FOUND");
    assert_eq!(app.admin.get("/api/support/tickets").await.json["total"], 0);
    assert_eq!(create(&app.admin, json!({})).await["ticketNumber"], "TKT-2");
}

#[tokio::test]
async fn history_is_taken_over_as_declared_from_those_who_may() {
    let app = TestApp::start().await;
    let past = json!({"createdAt": "2025-12-28T10:00:00+12:00"});
    let ticket = create(&app.admin, past.clone()).await;
    assert_eq!(ticket["createdAt"], "2025-12-27T22:00:00Z");
    assert_eq!(ticket["channel"], "import");
    let reply = app.anonymous.post("/api/support/tickets", ticket_with(past)).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["createdAt"].is_string());
    let future = ticket_with(json!({"createdAt": "2027-01-01T00:00:00Z"}));
    let reply = app.admin.post("/api/support/tickets", future).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["createdAt"].is_string());
}

#[tokio::test]
async fn a_claim_of_somebody_without_credentials_is_stored_as_such() {
    let app = TestApp::start().await;
    let claimed = create(&app.anonymous, json!({"tags": ["vip"], "team": "x"})).await;
    assert_eq!(claimed["customerVerified"], false);
    assert_eq!(claimed["requesterId"], Value::Null);
    let ticket = app.admin.get(&path(&claimed)).await.data(200).clone();
    assert_eq!(ticket["tags"], json!([]), "labels are the desk's own business");
    let known = create(&app.admin, json!({})).await;
    assert_eq!(known["customerVerified"], true);
    app.anonymous.get(&path(&claimed)).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_address_that_only_the_body_knows_is_not_verified() {
    let app = TestApp::start().await;
    let known = create(&app.admin, json!({})).await;
    let nobody = json!({"customerId": "77", "customerName": "Павел"});
    let another = json!({"customerId": "78", "customerName": "Павел", "customerEmail": known["customerEmail"]});
    for claims in [nobody, another] {
        let claimed = json!({"customerEmail": "director@example.com"});
        let ticket = create(&customer(&app, &claims), claimed).await;
        assert!(ticket["requesterId"].is_string());
        assert_eq!(ticket["customerEmail"], "director@example.com");
        assert_eq!(ticket["customerVerified"], false);
        assert_eq!(app.admin.get(&path(&ticket)).await.data(200)["customerVerified"], false);
    }
    let ticket = create(&customer(&app, &known), json!({"customerEmail": "x@example.com"})).await;
    assert_eq!(ticket["customerEmail"], known["customerEmail"]);
    assert_eq!(ticket["customerVerified"], true);
}

#[tokio::test]
async fn a_ticket_is_sent_back_whole_without_a_change() {
    let app = TestApp::start().await;
    agent(&app, "Anna", json!({})).await;
    for status in ["open", "in_progress", "waiting_customer", "resolved", "closed", "on_hold"] {
        let ticket = create(&app.admin, json!({"tags": ["vip"], "relatedBookingId": 4711})).await;
        bring_to(&app, &ticket, status).await;
        let whole = app.admin.get(&path(&ticket)).await.data(200).clone();
        let same = app.admin.put(&path(&ticket), whole.clone()).await;
        assert_eq!(*same.data(200), whole);
        let mut changed = whole.clone();
        changed["priority"] = json!("low");
        assert_eq!(app.admin.put(&path(&ticket), changed).await.data(200)["priority"], "low");
        let step = patch(&app, &ticket, json!({"status": status})).await;
        step.fault(409, "INVALID_TICKET_STATUS");
    }
}

#[tokio::test]
async fn somebody_without_credentials_creates_only_so_many_tickets_a_minute() {
    let app = TestApp::with(|settings| settings.anonymous_tickets_per_minute = 3).await;
    for _ in 0..3 {
        app.anonymous.post("/api/support/tickets", ticket_body()).await.data(201);
    }
    let reply = app.anonymous.post("/api/support/tickets", ticket_body()).await;
    reply.fault(429, "RATE_LIMITED");
    assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
    app.admin.post("/api/support/tickets", ticket_body()).await.data(201);
}

#[tokio::test]
async fn every_change_is_in_the_timeline_with_who_when_before_and_after() {
    let app = TestApp::start().await;
    let ticket = create(&app.anonymous, json!({})).await;
    app.clock.advance(Duration::minutes(5));
    patch(&app, &ticket, json!({"status": "in_progress", "priority": "low"})).await.data(200);
    let events = app.admin.get(&format!("{}/events", path(&ticket))).await;
    let events = events.data(200).as_array().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["created", "waiting", "updated"]);
    assert_eq!(events[0]["actorKind"], "anonymous");
    assert_eq!(events[2]["actorKind"], "service");
    assert_eq!(events[2]["occurredAt"], "2026-03-02T03:05:00Z");
    assert_eq!(events[2]["data"]["before"], json!({"status": "open", "priority": "high"}));
    assert_eq!(events[2]["data"]["after"], json!({"status": "in_progress", "priority": "low"}));
}

#[tokio::test]
async fn rights_follow_the_role() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let viewer = app.key(Role::Viewer, None).await;
    let agent = app.key(Role::Agent, None).await;
    viewer.get(&path(&ticket)).await.data(200);
    viewer.patch(&path(&ticket), json!({"priority": "low"})).await.fault(403, "FORBIDDEN");
    viewer.post("/api/support/tickets", ticket_body()).await.fault(403, "FORBIDDEN");
    agent.patch(&path(&ticket), json!({"priority": "low"})).await.data(200);
    agent.delete(&path(&ticket)).await.fault(403, "FORBIDDEN");
}
