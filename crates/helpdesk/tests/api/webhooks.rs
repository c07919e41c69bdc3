//! `/api/support/webhooks`: who is called, how it is signed, and what happens when nobody answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kamhub_helpdesk::jobs;
use kamhub_helpdesk::notifications::bus::run::deliver_once;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_testkit::TestApp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::event_schemas::envelope_faults;
use crate::support::{create, patch};

pub const PATH: &str = "/api/support/webhooks";

/// A call that the sink has heard.
#[derive(Clone)]
pub struct Heard {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn told(&self) -> (String, String) {
        let event = self.event();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        (text("type"), text("subject"))
    }

    /// Whether one of the signatures is by this secret: written down from the text of the standard alone.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut content = Vec::new();
        for part in [self.header("webhook-id"), self.header("webhook-timestamp")] {
            content.extend_from_slice(part.as_bytes());
            content.push(b'.');
        }
        content.extend_from_slice(&self.body);
        self.header("webhook-signature").split(' ').any(|signature| {
            let code = signature.strip_prefix("v1,").unwrap();
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(&content);
            mac.verify_slice(&STANDARD.decode(code).unwrap()).is_ok()
        })
    }
}

/// A status and headers.
type PlannedAnswer = (u16, Vec<(&'static str, String)>);

/// A receiver on loopback: it answers what is laid out for it, then 204.
#[derive(Clone, Default)]
pub struct Sink {
    heard: Arc<Mutex<Vec<Heard>>>,
    pub answers: Arc<Mutex<VecDeque<PlannedAnswer>>>,
    address: String,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hooks", listener.local_addr().unwrap());
        let sink = Self { address, ..Self::default() };
        let own = sink.clone();
        let router =
            axum::Router::new().fallback(move |headers: HeaderMap, body: Bytes| async move {
                own.heard.lock().unwrap().push(Heard { headers, body });
                let (status, given) =
                    own.answers.lock().unwrap().pop_front().unwrap_or((204, Vec::new()));
                let mut headers = HeaderMap::new();
                for (name, value) in given {
                    headers.insert(name, value.parse().unwrap());
                }
                let said =
                    if status == 204 { String::new() } else { format!("sink says {status}") };
                (StatusCode::from_u16(status).unwrap(), headers, said)
            });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        sink
    }

    pub fn answer(&self, times: usize, status: u16) {
        for _ in 0..times {
            self.answers.lock().unwrap().push_back((status, Vec::new()));
        }
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What was heard since the last time.
    pub fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// A product that may call receivers on loopback.
pub async fn house() -> TestApp {
    TestApp::with(|settings| {
        settings.webhook_policy.allow_http = true;
        settings.webhook_policy.allow_private = true;
    })
    .await
}

pub async fn endpoint(app: &TestApp, sink: &Sink, events: Value) -> (String, String) {
    let made = app.admin.post(PATH, json!({"url": sink.address, "events": events})).await;
    let data = made.data(201);
    let id = data["webhook"]["id"].as_str().unwrap();
    assert_eq!(made.header("location"), format!("{PATH}/{id}"));
    (format!("{PATH}/{id}"), data["secret"].as_str().unwrap().to_owned())
}

/// Expands what has happened and lets the jobs run that are due.
pub async fn work(app: &TestApp) {
    while deliver_once(&app.app).await.unwrap() {}
    let registry = jobs::registry(&app.app).unwrap();
    let worker = Worker::new(app.app.queue.clone(), registry, WorkerOptions::default());
    worker.drain().await.unwrap();
}

pub async fn deliveries(app: &TestApp, endpoint: &str) -> Vec<Value> {
    let list = app.admin.get(&format!("{endpoint}/deliveries?limit=100")).await;
    list.data(200).as_array().unwrap().clone()
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_event_is_posted_signed_and_in_its_envelope() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, secret) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    let ticket = create(&app.anonymous, json!({})).await;
    patch(&app, &ticket, json!({"tags": ["vip"]})).await.data(200);
    work(&app).await;
    let heard = sink.heard();
    assert_eq!(heard.len(), 1, "only what the filter takes is posted");
    let heard = &heard[0];
    assert!(heard.is_signed_by(&secret));
    assert!(!heard.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(heard.header("content-type"), "application/cloudevents+json");
    let now = kamhub_kernel::Clock::now(&*app.clock);
    assert_eq!(heard.header("webhook-timestamp"), now.timestamp().to_string());
    let document = app.anonymous.get("/asyncapi.json").await.json;
    let event = heard.event();
    assert_eq!(envelope_faults(&document, "ticket.created", &event), Vec::<String>::new());
    assert_eq!(event["data"]["id"], ticket["id"]);
    assert_eq!(event["source"], app.base);

    let sent = &deliveries(&app, &hook).await[0];
    assert_eq!((&sent["status"], &sent["attempts"]), (&json!("sent"), &json!(1)));
    assert_eq!(sent["responseStatus"], 204);
    assert_eq!(sent["webhookId"], heard.header("webhook-id"));
    assert_eq!(sent["eventId"], event["id"]);
    let webhook = app.admin.get(&hook).await;
    assert!(
        !webhook.text.contains("whsec_") && !webhook.text.contains("ecret\""),
        "{}",
        webhook.text
    );
    assert!(!webhook.data(200)["lastSuccessAt"].is_null());
}

#[tokio::test]
async fn a_new_secret_signs_beside_the_old_one_for_a_day() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, old) = endpoint(&app, &sink, json!(["*"])).await;
    let rotated = app.admin.post(&format!("{hook}/rotate-secret"), json!({})).await;
    let new = rotated.data(200)["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    app.clock.advance(Duration::hours(24));
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    let heard = sink.heard();
    assert!(heard[0].is_signed_by(&new) && heard[0].is_signed_by(&old), "both, for a day");
    assert!(heard[0].header("webhook-signature").contains(' '));
    assert!(heard[1].is_signed_by(&new) && !heard[1].is_signed_by(&old), "then the new one alone");
    assert!(app.admin.get(&hook).await.data(200)["previousSecretValidUntil"].is_null());
}

#[tokio::test]
async fn a_ticket_that_cannot_be_told_holds_up_itself_and_no_other() {
    let app = house().await;
    let sink = Sink::start().await;
    endpoint(&app, &sink, json!(["ticket.*"])).await;
    let first = create(&app.anonymous, json!({})).await;
    for tag in ["a", "b"] {
        patch(&app, &first, json!({"tags": [tag]})).await.data(200);
    }
    let second = create(&app.anonymous, json!({})).await;
    sink.answer(1, 500);
    work(&app).await;
    let subject = |ticket: &Value| format!("tickets/{}", ticket["id"].as_str().unwrap());
    let told = |heard: Vec<Heard>| heard.iter().map(Heard::told).collect::<Vec<_>>();
    let created = "kamhub.support.ticket.created.v1".to_owned();
    let expected = [(created.clone(), subject(&first)), (created.clone(), subject(&second))];
    let mut failed = sink.take();
    failed.truncate(2);
    assert_eq!(told(failed.clone()), expected);
    app.clock.advance(Duration::minutes(1));
    work(&app).await;
    let again = sink.take();
    assert_eq!(again[0].header("webhook-id"), failed[0].header("webhook-id"), "recognisable");
    let updated = "kamhub.support.ticket.updated.v1".to_owned();
    let expected = [created, updated.clone(), updated].map(|kind| (kind, subject(&first)));
    assert_eq!(told(again.clone()), expected);
    assert_eq!(again[1].event()["data"]["after"]["tags"], json!(["a"]));
    assert_eq!(again[2].event()["data"]["after"]["tags"], json!(["b"]));
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_pause_gets_it() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    let wait = vec![("retry-after", "600".to_owned())];
    sink.answers.lock().unwrap().push_back((503, wait));
    create(&app.anonymous, json!({})).await;
    let begun = kamhub_kernel::Clock::now(&*app.clock);
    work(&app).await;
    let waiting = &deliveries(&app, &hook).await[0];
    assert_eq!((&waiting["status"], &waiting["responseStatus"]), (&json!("retrying"), &json!(503)));
    assert_eq!(waiting["responseBody"], "sink says 503");
    assert_eq!(waiting["lastError"], "answered 503");
    let next = time(&waiting["nextAttemptAt"]) - begun;
    assert!((600..=605).contains(&next.num_seconds()), "{next}");
    app.clock.advance(Duration::seconds(599));
    work(&app).await;
    assert_eq!(sink.heard().len(), 1, "not before the time it asked for");
    app.clock.advance(Duration::seconds(6));
    work(&app).await;
    assert_eq!(sink.heard().len(), 2);
    assert_eq!(deliveries(&app, &hook).await[0]["status"], "sent");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_leads_nowhere() {
    let app = house().await;
    let (sink, inside) = (Sink::start().await, Sink::start().await);
    let (hook, _) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    let to = vec![("location", inside.address.clone())];
    sink.answers.lock().unwrap().push_back((307, to));
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    assert_eq!(deliveries(&app, &hook).await[0]["responseStatus"], 307);
    assert_eq!(deliveries(&app, &hook).await[0]["status"], "retrying");
    assert!(inside.heard().is_empty());
}

#[tokio::test]
async fn an_address_inside_the_house_is_refused_and_nothing_is_stored() {
    let app = TestApp::start().await;
    for (url, sentence) in [
        ("http://example.com/", "Url must begin with https://"),
        ("https://127.0.0.1/", "Url must not lead to a private, local or reserved address"),
        ("https://2130706433/", "Url must not lead to a private, local or reserved address"),
        ("https://[::ffff:10.0.0.1]/", "Url must not lead to a private, local or reserved address"),
        (
            "https://169.254.169.254/latest/",
            "Url must not lead to a private, local or reserved address",
        ),
        ("https://localhost/", "Url must not lead to a private, local or reserved address"),
        ("https://user:pass@example.com/", "Url must not hold a user name or a password"),
        ("nonsense", "Url must be an absolute address such as https://example.com/hooks"),
        ("", "Url must not be empty"),
    ] {
        let reply = app.admin.post(PATH, json!({"url": url, "events": ["ticket.invented"]})).await;
        let errors = reply.fault(400, "VALIDATION_FAILED");
        assert_eq!(errors["url"], sentence, "{url}");
        assert!(url.is_empty() || errors.get("events.0").is_some(), "all faults at once: {errors}");
    }
    assert_eq!(app.admin.get(PATH).await.json["total"], 0);
}

#[tokio::test]
async fn an_address_is_looked_at_again_with_every_delivery() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    sqlx::query("UPDATE webhook_endpoints SET url = 'http://169.254.169.254/latest/meta-data'")
        .execute(app.app.db.pool())
        .await
        .unwrap();
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    let refused = &deliveries(&app, &hook).await[0];
    assert_eq!(refused["status"], "retrying");
    let said = refused["lastError"].as_str().unwrap();
    assert!(said.contains("private, local or reserved"), "{said}");
}

#[tokio::test]
async fn a_webhook_hears_what_happens_while_it_is_there_and_on() {
    let app = house().await;
    let sink = Sink::start().await;
    create(&app.anonymous, json!({})).await;
    app.clock.advance(Duration::seconds(1));
    let (hook, _) = endpoint(&app, &sink, json!(["Ticket.Created", "ticket.created"])).await;
    assert_eq!(app.admin.get(&hook).await.data(200)["events"], json!(["ticket.created"]));
    work(&app).await;
    assert!(sink.heard().is_empty(), "nothing from before");
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    assert_eq!(sink.take().len(), 1);
    create(&app.anonymous, json!({})).await;
    while deliver_once(&app.app).await.unwrap() {}
    assert_eq!(app.admin.delete(&hook).await.status, 204);
    work(&app).await;
    assert!(sink.heard().is_empty(), "nothing that waited when it was deleted");
    app.admin.get(&hook).await.fault(404, "NOT_FOUND");
    app.admin.delete(&hook).await.fault(404, "NOT_FOUND");
    app.admin.get(&format!("{hook}/deliveries")).await.fault(404, "NOT_FOUND");
    app.admin.post(&format!("{hook}/test"), json!({})).await.fault(404, "NOT_FOUND");
    app.admin.post(&format!("{hook}/rotate-secret"), json!({})).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn deliveries_are_listed_newest_first_and_continued_by_cursor() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    for _ in 0..5 {
        create(&app.anonymous, json!({})).await;
    }
    work(&app).await;
    let first = app.admin.get(&format!("{hook}/deliveries?limit=2")).await;
    assert_eq!(first.json["total"], 5);
    let mut seen: Vec<i64> = Vec::new();
    let mut path = format!("{hook}/deliveries?limit=2");
    loop {
        let page = app.admin.get(&path).await;
        let ids = page.data(200).as_array().unwrap().iter();
        seen.extend(ids.map(|row| row["id"].as_str().unwrap().parse::<i64>().unwrap()));
        let Some(cursor) = page.json["nextCursor"].as_str() else { break };
        path = format!("{hook}/deliveries?limit=2&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
    let none = app.admin.get(&format!("{hook}/deliveries?status=FAILED")).await;
    assert_eq!(none.json["total"], 0);
    app.admin.get(&format!("{hook}/deliveries?cursor=x")).await.fault(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn there_are_at_most_a_hundred_webhooks() {
    let app = house().await;
    sqlx::query(
        "INSERT INTO webhook_endpoints (url, events, secret)
         SELECT 'http://127.0.0.1/', ARRAY['*'], decode(repeat('07', 32), 'hex') FROM generate_series(1, 100)",
    )
    .execute(app.app.db.pool())
    .await
    .unwrap();
    let body = json!({"url": "http://127.0.0.1/", "events": ["*"]});
    app.admin.post(PATH, body).await.fault(409, "TOO_MANY_WEBHOOKS");
}
