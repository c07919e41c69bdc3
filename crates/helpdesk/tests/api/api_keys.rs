use std::time::{Duration, Instant};

use kamhub_kernel::Role;
use kamhub_testkit::TestApp;
use serde_json::json;

const KEYS: &str = "/api/support/api-keys";
const ME: &str = "/api/auth/me";

#[tokio::test]
async fn a_new_key_works_is_shown_once_and_is_listed_without_its_secret() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "booking service", "role": "agent", "scopes": ["tickets:write", "TICKETS:READ"],
        "expiresAt": "2026-03-03T00:00:00Z"
    });
    let made = app.admin.post(KEYS, body).await;
    let secret = made.data(201)["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("kh_"));
    let me = app.anonymous.api_key(&secret).get(ME).await;
    assert_eq!(me.data(200)["permissions"], json!(["tickets:read", "tickets:write"]));
    let list = app.admin.get(KEYS).await;
    assert!(!list.text.contains(&secret) && !list.text.contains("hash"));
    assert_eq!(list.data(200)[1]["name"], "booking service");
    assert_eq!(list.data(200)[1]["prefix"], &secret[..11]);

    app.clock.advance(chrono::Duration::hours(21));
    app.anonymous.api_key(&secret).get(ME).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once() {
    let app = TestApp::start().await;
    let made = app.admin.post(KEYS, json!({"name": "old", "role": "viewer"})).await;
    let key = app.anonymous.api_key(made.data(201)["secret"].as_str().unwrap());
    key.get(ME).await.data(200);
    let path = made.header("location");
    assert_eq!(app.admin.delete(path).await.status, 204);
    key.get(ME).await.fault(401, "UNAUTHENTICATED");
    assert_eq!(app.admin.delete(path).await.status, 204);
    app.admin.delete(&format!("{KEYS}/999")).await.fault(404, "NOT_FOUND");
    // The name is free again.
    app.admin.post(KEYS, json!({"name": "old", "role": "viewer"})).await.data(201);
    let twice = app.admin.post(KEYS, json!({"name": "old", "role": "viewer"})).await;
    assert!(twice.fault(409, "CONFLICT")["name"].is_string());
}

#[tokio::test]
async fn every_fault_of_a_new_key_is_told_by_field() {
    let app = TestApp::start().await;
    let body = json!({"scopes": ["tickets:read", "everything"], "expiresAt": "tomorrow"});
    let reply = app.admin.post(KEYS, body).await;
    let errors = reply.fault(400, "VALIDATION_FAILED");
    for field in ["name", "role", "scopes.1", "expiresAt"] {
        assert!(errors[field].is_string(), "{field}: {errors}");
    }
    for (field, value) in [("expiresAt", json!("2026-03-01T00:00:00Z")), ("scopes", json!([]))] {
        let mut body = json!({"name": "x", "role": "viewer"});
        body[field] = value;
        let reply = app.admin.post(KEYS, body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")[field].is_string(), "{}", reply.text);
    }
}

#[tokio::test]
async fn nobody_mints_a_key_with_rights_that_they_lack() {
    let app = TestApp::start().await;
    let narrow = app.key(Role::Admin, Some(&["api-keys:manage", "tickets:read"])).await;
    for body in [
        json!({"name": "x", "role": "admin"}),
        json!({"name": "x", "role": "viewer"}),
        json!({"name": "x", "role": "agent", "scopes": ["tickets:read", "tickets:write"]}),
    ] {
        narrow.post(KEYS, body).await.fault(403, "RIGHT_NOT_HELD");
    }
    let body = json!({"name": "x", "role": "agent", "scopes": ["tickets:read"]});
    narrow.post(KEYS, body).await.data(201);
    for client in [app.key(Role::Supervisor, None).await, app.key(Role::Admin, Some(&[])).await] {
        client.get(KEYS).await.fault(403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_to_the_minute() {
    let app = TestApp::start().await;
    let made = app.admin.post(KEYS, json!({"name": "used", "role": "viewer"})).await;
    let key = app.anonymous.api_key(made.data(201)["secret"].as_str().unwrap());
    let noted = async |expected: &str| {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let list = app.admin.get(KEYS).await;
            let shown = list.data(200)[1]["lastUsedAt"].as_str().unwrap_or_default().to_owned();
            if shown == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{shown} is not {expected}");
            tokio::task::yield_now().await;
        }
    };
    noted("").await;
    key.get(ME).await.data(200);
    noted("2026-03-02T03:00:00Z").await;
    app.clock.advance(chrono::Duration::seconds(59));
    key.get(ME).await.data(200);
    app.clock.advance(chrono::Duration::seconds(10));
    key.get(ME).await.data(200);
    noted("2026-03-02T03:01:09Z").await;
}
