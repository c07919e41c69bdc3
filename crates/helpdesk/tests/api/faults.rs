//! What is wrong with a request is told all at once, each fault at its place, in a sentence that people
//! understand; and finding it costs no more than the request is worth.

use kamhub_kernel::Role;
use kamhub_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::people::{PASSWORD, browser, user};
use crate::speaking::{customer, messages};
use crate::support::{agent, create, path, ticket_body, ticket_with};

const TICKETS: &str = "/api/support/tickets";
const USERS: &str = "/api/support/users";
const KEYS: &str = "/api/support/api-keys";

/// The faults of a refused request, all of them.
#[track_caller]
fn all(reply: &Reply, expected: Value) {
    assert_eq!(reply.fault(400, "VALIDATION_FAILED"), &expected);
}

#[tokio::test]
async fn a_body_of_a_million_mistakes_is_a_short_answer() {
    let app = TestApp::start().await;
    let many = |item: Value, times: usize| (0..times).map(|_| item.clone()).collect::<Value>();
    let ticket = create(&app.admin, json!({})).await;
    for (path, body, field) in [
        (TICKETS.to_owned(), json!({"attachments": many(json!({}), 349_000)}), "attachments"),
        (TICKETS.to_owned(), json!({"tags": many(json!(7), 500_000)}), "tags"),
        (messages(&ticket), json!({"attachments": many(json!([]), 349_000)}), "attachments"),
        (
            "/api/support/calendars".to_owned(),
            json!({"name": "x", "holidays": many(json!({}), 300_000)}),
            "holidays",
        ),
        (
            "/api/support/calendars".to_owned(),
            json!({"name": "x", "weekly": {"monday": many(json!({}), 300_000)}}),
            "weekly.monday",
        ),
        (
            "/api/support/sla/policies".to_owned(),
            json!({"warnings": many(json!({}), 300_000)}),
            "warnings",
        ),
        ("/api/support/webhooks".to_owned(), json!({"events": many(json!(""), 300_000)}), "events"),
        (KEYS.to_owned(), json!({"scopes": many(json!(""), 300_000)}), "scopes"),
    ] {
        let reply = app.admin.post(&path, body).await;
        let errors = reply.fault(400, "VALIDATION_FAILED");
        let told = errors[field].as_str().unwrap_or_default();
        assert!(told.contains("must have at most"), "{path} {field}: {errors}");
        assert!(reply.text.len() < 4_000, "{path}: {} bytes", reply.text.len());
    }
    let long = "n".repeat(200_000);
    for body in [
        json!({"tags": many(json!(7), 50), "attachments": many(json!({"fileType": 1}), 20)}),
        json!({&long: many(json!("\0"), 50_000)}),
        (0..50_000).map(|number| (format!("k{number}"), json!("\0"))).collect::<Value>(),
        (0..60_000).map(|number| (format!("k{number}"), json!(number))).collect::<Value>(),
    ] {
        let reply = app.admin.post(TICKETS, body).await;
        let errors = reply.fault(400, "VALIDATION_FAILED");
        assert!(errors.as_object().unwrap().len() <= 100, "{errors}");
        assert!(reply.text.len() < 200_000, "{} bytes", reply.text.len());
    }
    let twice = format!("{{\"{long}\":1,\"{long}\":1}}");
    let body = Some(("application/json".to_owned(), twice.into_bytes()));
    let reply = app.admin.raw(reqwest::Method::POST, TICKETS, body).await;
    reply.fault(400, "MALFORMED_JSON");
    assert!(reply.text.len() < 1_000, "{} bytes", reply.text.len());
}

#[tokio::test]
async fn bodies_at_fault_count_for_the_limit_of_those_without_credentials() {
    let app = TestApp::with(|settings| settings.anonymous_tickets_per_minute = 2).await;
    for _ in 0..2 {
        app.anonymous.post(TICKETS, json!({})).await.fault(400, "VALIDATION_FAILED");
    }
    app.anonymous.post(TICKETS, json!({})).await.fault(429, "RATE_LIMITED");
    app.anonymous.post(TICKETS, ticket_body()).await.fault(429, "RATE_LIMITED");
}

#[tokio::test]
async fn what_only_the_caller_decides_is_told_beside_what_the_body_shows() {
    let app = TestApp::start().await;
    let nobody = "Created at can only be given by an administrator or a service's API key";
    let reply = app.anonymous.post(TICKETS, json!({"createdAt": "2025-12-28T00:00:00Z"})).await;
    all(
        &reply,
        json!({
            "subject": "Subject is required", "description": "Description is required",
            "customerName": "Customer name is required",
            "customerEmail": "Customer email is required", "createdAt": nobody,
        }),
    );
    let body = ticket_with(json!({"subject": "", "createdAt": "2999-01-01T00:00:00Z",
        "attachments": [7, {"uploadId": "unknown"}]}));
    let reply = app.admin.post(TICKETS, body).await;
    let errors = reply.fault(400, "VALIDATION_FAILED");
    assert_eq!(errors["createdAt"], "Created at must not lie in the future");
    assert_eq!(errors["attachments.0"], "An entry of attachments must be an object");
    assert!(errors["attachments.1.uploadId"].is_string(), "{errors}");
    assert_eq!(errors.as_object().unwrap().len(), 4, "{errors}");

    let ticket = create(&app.admin, json!({})).await;
    let body =
        json!({"createdAt": "2025-12-28T00:00:00Z", "isInternal": true, "isAutomatic": true});
    let reply = customer(&app, &ticket).post(&messages(&ticket), body).await;
    all(
        &reply,
        json!({
            "message": "Message is required", "createdAt": nobody,
            "isInternal": "Is internal is not for messages of customers",
            "isAutomatic": "Is automatic can only be given by a service's API key",
        }),
    );
    let body = json!({"message": "Hello", "senderId": "999", "lastSeenMessageId": "999",
        "createdAt": "2001-01-01T00:00:00Z"});
    all(
        &app.admin.post(&messages(&ticket), body).await,
        json!({
            "senderId": "Sender id names an agent who does not exist",
            "lastSeenMessageId": "Last seen message id is not a message of this ticket",
            "createdAt": "Created at must not lie before the ticket's creation",
        }),
    );
}

#[tokio::test]
async fn an_agent_who_cannot_be_meant_is_told_beside_the_other_faults() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let anna = agent(&app, "Anna", json!({})).await["id"].clone();
    for (changes, field, sentence) in [
        (json!({"agentId": "999"}), "agentId", "Agent id names an agent who does not exist"),
        (
            json!({"assignedTo": "999"}),
            "assignedTo",
            "Assigned to names an agent who does not exist",
        ),
        (
            json!({"agentId": anna, "assignedTo": "999"}),
            "assignedTo",
            "Assigned to and agent id name different agents",
        ),
    ] {
        let reply = app.admin.post(&format!("{}/assign", path(&ticket)), changes.clone()).await;
        all(&reply, json!({field: sentence}));
        all(&app.admin.patch(&path(&ticket), changes.clone()).await, json!({field: sentence}));
        let mut body = changes;
        body["subject"] = json!(" ");
        let reply = app.admin.patch(&path(&ticket), body).await;
        all(&reply, json!({field: sentence, "subject": "Subject must not be empty"}));
    }
}

#[tokio::test]
async fn every_tag_at_fault_is_told_at_its_own_place() {
    let app = TestApp::start().await;
    let tags = json!(["ok", 5, null, "", "x".repeat(51)]);
    let expected = json!({
        "tags.1": "An entry of tags must be a text",
        "tags.2": "An entry of tags must be a text",
        "tags.3": "An entry of tags must not be empty",
        "tags.4": "An entry of tags must be at most 50 characters",
    });
    let reply = app.admin.post(TICKETS, ticket_with(json!({"tags": tags}))).await;
    all(&reply, expected.clone());
    let ticket = create(&app.admin, json!({})).await;
    all(&app.admin.patch(&path(&ticket), json!({"tags": tags})).await, expected);
}

#[tokio::test]
async fn every_fault_of_a_user_or_key_comes_with_the_others() {
    let app = TestApp::start().await;
    let body = json!({"email": "nobody", "name": "A", "password": "short"});
    all(
        &app.admin.post(USERS, body).await,
        json!({
            "email": "Invalid email format", "name": "Name must be at least 2 characters",
            "role": "Role is required", "password": "Password must be 10 to 128 characters",
        }),
    );
    let body = json!({"name": " ", "scopes": [], "expiresAt": "2001-01-01T00:00:00Z"});
    all(
        &app.admin.post(KEYS, body).await,
        json!({
            "name": "Name must not be empty", "role": "Role is required",
            "scopes": "Scopes must have at least one entry",
            "expiresAt": "Expires at must be in the future",
        }),
    );
}

#[tokio::test]
async fn no_sentence_is_a_word_of_the_machine() {
    let app = TestApp::start().await;
    let ticket = path(&create(&app.admin, json!({})).await);
    let time = "must be an RFC 3339 time like 2025-12-28T09:00:00Z";
    for (reply, expected) in [
        (
            app.admin.post(&format!("{ticket}/snooze"), json!({})).await,
            json!({"until": "Until is required, unless slackMinutes or untilReply is given"}),
        ),
        (
            app.admin.post(&format!("{ticket}/snooze"), json!({"until": "2025-12-28"})).await,
            json!({"until": format!("Until {time}")}),
        ),
        (
            app.admin.post(&format!("{ticket}/merge"), json!({})).await,
            json!({"into": "Into is required"}),
        ),
        (
            app.admin.post(&format!("{ticket}/split"), json!({"messageIds": []})).await,
            json!({"messageIds": "Message ids must have at least one entry",
                "subject": "Subject is required"}),
        ),
        (
            app.admin.patch(&ticket, json!({"team": ""})).await,
            json!({"team": "Team must not be empty"}),
        ),
        (
            app.admin.get(&format!("{TICKETS}?page=0&limit=0&sortBy=x")).await,
            json!({"page": "Page must be at least 1", "limit": "Limit must be at least 1",
                "sortBy": "Sort by must be one of createdAt, updatedAt, priority, slaDue"}),
        ),
        (
            app.admin.get(&format!("{TICKETS}?limit=101&fromDate=x")).await,
            json!({"limit": "Limit must be at most 100",
                "fromDate": "From date must be a date like 2025-12-28 or an RFC 3339 time"}),
        ),
        (
            app.admin.post(TICKETS, ticket_with(json!({"createdAt": "2025-12-28"}))).await,
            json!({"createdAt": format!("Created at {time}")}),
        ),
        (
            app.admin.post(KEYS, json!({"name": "x", "role": "agent", "expiresAt": "soon"})).await,
            json!({"expiresAt": format!("Expires at {time}")}),
        ),
    ] {
        all(&reply, expected);
    }
}

#[tokio::test]
async fn a_parameter_that_is_no_utf8_is_a_fault_of_that_parameter() {
    let app = TestApp::start().await;
    all(
        &app.admin.get(&format!("{TICKETS}?search=%ff&tag=%ff%fe&limit=0")).await,
        json!({
            "search": "Search must be text in UTF-8", "tag": "Tag must be text in UTF-8",
            "limit": "Limit must be at least 1",
        }),
    );
    let found =
        app.admin.get(&format!("{TICKETS}?search=%D0%B2%D1%83%D0%BB%D0%BA%D0%B0%D0%BD")).await;
    found.data(200);
}

#[tokio::test]
async fn what_is_taken_already_is_a_conflict_that_names_the_field() {
    let app = TestApp::start().await;
    let anna = json!({"email": " anna@kamhub.example ", "name": " Anna ", "role": "agent",
        "password": PASSWORD});
    let made = app.admin.post(USERS, anna.clone()).await;
    assert_eq!(made.data(201)["email"], "anna@kamhub.example");
    assert_eq!(made.data(201)["name"], "Anna");
    let taken = json!({"email": "Another user has this e-mail address already"});
    assert_eq!(app.admin.post(USERS, anna).await.fault(409, "CONFLICT"), &taken);
    let boris = user(&app, "boris@kamhub.example", Role::Agent).await;
    let change = json!({"email": "ANNA@kamhub.example"});
    let reply = app.admin.patch(&format!("{USERS}/{boris}"), change).await;
    assert_eq!(reply.fault(409, "CONFLICT"), &taken);
    let key = json!({"name": "booking", "role": "agent"});
    app.admin.post(KEYS, key.clone()).await.data(201);
    assert_eq!(
        app.admin.post(KEYS, key).await.fault(409, "CONFLICT"),
        &json!({"name": "An active key has this name already"})
    );
}

#[tokio::test]
async fn signing_in_again_needs_no_proof_of_the_session_before() {
    let app = TestApp::start().await;
    user(&app, "anna@kamhub.example", Role::Agent).await;
    let (anna, _) = browser(&app, "anna@kamhub.example").await;
    let credentials = json!({"email": "anna@kamhub.example", "password": PASSWORD});
    anna.post("/api/auth/sign-in", credentials.clone()).await.data(200);
    anna.post("/api/auth/token", credentials).await.data(200);
    anna.post("/api/auth/sign-out", json!({})).await.fault(403, "CSRF_REJECTED");
}

#[tokio::test]
async fn one_of_several_etags_is_enough_and_none_that_contradicts_the_body() {
    let app = TestApp::start().await;
    let ticket = path(&create(&app.admin, json!({})).await);
    let caller = |tags: &str| app.admin.header("if-match", tags);
    caller("\"9\", \"1\"").patch(&ticket, json!({"subject": "Second"})).await.data(200);
    let stale = caller("\"1\", W/\"9\"").patch(&ticket, json!({"subject": "Third"})).await;
    assert_eq!(stale.json["code"], "VERSION_CONFLICT", "{}", stale.text);
    let body = json!({"subject": "Third", "version": 99});
    let reply = caller("\"2\"").patch(&ticket, body).await;
    all(&reply, json!({"version": "Version is 99, and If-Match says 2"}));
    caller("\"2\"").patch(&ticket, json!({"subject": "Third", "version": 2})).await.data(200);
    for tags in ["\"x\"", "\"1\",,\"2\"", "1,2,3,4,5,6,7,8,9"] {
        let reply = caller(tags).patch(&ticket, json!({"subject": "Fourth"})).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["If-Match"].is_string());
    }
}
