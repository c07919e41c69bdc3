use chrono::{Duration, TimeZone as _, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kamhub_helpdesk::identity::service::{customer_for_service, ticket_link_create};
use kamhub_helpdesk::ids::{CustomerId, TicketId};
use kamhub_testkit::{Client, TestApp, app::PLATFORM_SECRET};
use serde_json::{Value, json};

const ME: &str = "/api/auth/me";

fn claims(number: i64) -> Value {
    let now = Utc.with_ymd_and_hms(2026, 3, 2, 3, 0, 0).unwrap();
    json!({
        "iss": "kamhub-platform", "aud": "kamhub-support", "sub": number.to_string(),
        "exp": (now + Duration::hours(1)).timestamp(),
        "name": "Иван Петров", "email": "Ivan@mail.example", "locale": "ru-RU"
    })
}

fn mint(claims: &Value) -> String {
    let key = EncodingKey::from_secret(PLATFORM_SECRET);
    encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

fn customer(app: &TestApp, claims: &Value) -> Client {
    app.anonymous.bearer(&mint(claims))
}

type Row = (i64, Option<i64>, Option<String>, String, Option<String>);

async fn customers(app: &TestApp) -> Vec<Row> {
    let mut connection = app.app.db.connection().await.unwrap();
    sqlx::query_as("SELECT id, external_id, email, name, locale FROM customers ORDER BY id")
        .fetch_all(&mut *connection)
        .await
        .unwrap()
}

async fn for_service(app: &TestApp, number: Option<i64>, email: &str) -> CustomerId {
    let mut tx = app.app.db.begin().await.unwrap();
    let id = customer_for_service(&mut tx, &*app.clock, number, "Иван Петров", email).await;
    tx.commit().await.unwrap();
    id.unwrap()
}

#[tokio::test]
async fn a_token_of_the_platform_makes_its_customer_known() {
    let app = TestApp::start().await;
    let me = customer(&app, &claims(42)).get(ME).await;
    assert_eq!(me.data(200)["kind"], "customer");
    assert_eq!(me.data(200)["name"], "Иван Петров");
    assert_eq!(me.data(200)["permissions"], json!([]));
    let mut changed = claims(42);
    changed["name"] = json!("Иван П.");
    changed["email"] = json!("petrov@mail.example");
    let again = customer(&app, &changed).get(ME).await;
    assert_eq!(again.data(200)["id"], me.data(200)["id"]);
    assert_eq!(again.data(200)["name"], "Иван П.");
    let rows = customers(&app).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].1, Some(42));
    assert_eq!(rows[0].2.as_deref(), Some("petrov@mail.example"));
    assert_eq!(rows[0].4.as_deref(), Some("ru"));
    for path in ["/api/support/users", "/api/support/api-keys"] {
        customer(&app, &claims(42)).get(path).await.fault(403, "FORBIDDEN");
    }
    customer(&app, &claims(42)).get("/api/auth/sessions").await.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_token_that_is_not_the_platforms_or_not_current_is_refused() {
    let app = TestApp::start().await;
    let with = |field: &str, value: Value| {
        let mut changed = claims(42);
        changed[field] = value;
        mint(&changed)
    };
    let now = Utc.with_ymd_and_hms(2026, 3, 2, 3, 0, 0).unwrap();
    let key = EncodingKey::from_secret(PLATFORM_SECRET);
    let refused = [
        with("exp", json!(now.timestamp())),
        with("exp", json!((now + Duration::hours(25)).timestamp())),
        with("exp", json!(null)),
        with("exp", json!(i64::MAX)),
        with("nbf", json!((now + Duration::hours(1)).timestamp())),
        with("aud", json!("kamhub-support-api")),
        with("aud", json!(null)),
        with("iss", json!("kamhub-support")),
        with("sub", json!("0")),
        with("sub", json!("-7")),
        with("sub", json!("robert'); drop table customers")),
        encode(&Header::new(Algorithm::HS384), &claims(42), &key).unwrap(),
        encode(&Header::default(), &claims(42), &EncodingKey::from_secret(b"guess")).unwrap(),
    ];
    for (number, token) in refused.iter().enumerate() {
        let reply = app.anonymous.bearer(token).get(ME).await;
        assert_eq!(reply.json["code"], "UNAUTHENTICATED", "case {number}: {}", reply.text);
    }
    assert!(customers(&app).await.is_empty());
}

#[tokio::test]
async fn odd_claims_of_the_platform_are_taken_as_far_as_they_can_be_stored() {
    let app = TestApp::start().await;
    let mut odd = claims(7);
    odd["sub"] = json!(7);
    odd["name"] = json!("\u{0}Я");
    odd["email"] = json!("no address\u{0}");
    odd["locale"] = json!("fr");
    let me = customer(&app, &odd).get(ME).await;
    assert_eq!(me.data(200)["name"], "Customer 7");
    odd.as_object_mut()
        .unwrap()
        .retain(|name, _| !["name", "email", "locale"].contains(&name.as_str()));
    assert_eq!(customer(&app, &odd).get(ME).await.data(200)["name"], "Customer 7");
    assert_eq!(customers(&app).await[0].2, None);
}

#[tokio::test]
async fn an_address_without_a_number_is_adopted_and_one_of_another_customer_is_not() {
    let app = TestApp::start().await;
    let by_address = for_service(&app, None, "ivan@mail.example").await;
    let me = customer(&app, &claims(42)).get(ME).await;
    assert_eq!(me.data(200)["id"], by_address.0.to_string());
    let other = customer(&app, &claims(43)).get(ME).await;
    assert_ne!(other.data(200)["id"], me.data(200)["id"]);
    let rows = customers(&app).await;
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[1].1, rows[1].2.as_deref()), (Some(43), None));
    customer(&app, &claims(43)).get(ME).await.data(200);
    assert_eq!(customers(&app).await, rows);
}

#[tokio::test]
async fn many_first_calls_at_once_make_one_customer() {
    let app = TestApp::start().await;
    for_service(&app, None, "ivan@mail.example").await;
    let client = customer(&app, &claims(42));
    let replies = futures::future::join_all((0..12).map(|_| client.get(ME))).await;
    for reply in &replies {
        reply.data(200);
    }
    assert_eq!(customers(&app).await.len(), 1);
}

#[tokio::test]
async fn a_service_finds_a_customer_by_number_then_by_address_and_changes_nothing_known() {
    let app = TestApp::start().await;
    let first = for_service(&app, None, "ivan@mail.example").await;
    assert_eq!(for_service(&app, None, " IVAN@mail.example").await, first);
    assert_eq!(for_service(&app, Some(42), "Ivan@mail.example").await, first);
    assert_eq!(for_service(&app, Some(42), "other@mail.example").await, first);
    let rows = customers(&app).await;
    assert_eq!((rows[0].1, rows[0].2.as_deref()), (Some(42), Some("ivan@mail.example")));
    let second = for_service(&app, Some(43), "ivan@mail.example").await;
    assert_ne!(second, first);
    assert_eq!(customers(&app).await[1].2, None);
    let calls = (0..12).map(|_| for_service(&app, Some(50), "new@mail.example"));
    let made = futures::future::join_all(calls).await;
    assert!(made.iter().all(|id| *id == made[0]));
}

#[tokio::test]
async fn a_link_speaks_for_its_customer_until_it_ends() {
    let app = TestApp::start().await;
    let customer = for_service(&app, None, "ivan@mail.example").await;
    let end = Utc.with_ymd_and_hms(2026, 3, 9, 3, 0, 0).unwrap();
    let link = ticket_link_create(&app.app.keys, TicketId(5), customer, end);
    let by_query = app.anonymous.get(&format!("{ME}?access={link}")).await;
    assert_eq!(by_query.data(200)["kind"], "customer");
    assert_eq!(by_query.data(200)["id"], customer.0.to_string());
    let by_header = app.anonymous.header("x-ticket-access", &link);
    by_header.get(ME).await.data(200);
    by_header.get("/api/support/users").await.fault(403, "FORBIDDEN");
    by_header.get(&format!("{ME}?access={link}")).await.fault(401, "UNAUTHENTICATED");

    let nobody = ticket_link_create(&app.app.keys, TicketId(5), CustomerId(999), end);
    for wrong in [nobody.as_str(), &link[1..], "%00", "x", &format!("{link}A")] {
        let reply = app.anonymous.get(&format!("{ME}?access={wrong}")).await;
        reply.fault(401, "UNAUTHENTICATED");
    }
    app.clock.set(end);
    by_header.get(ME).await.fault(401, "UNAUTHENTICATED");
}
