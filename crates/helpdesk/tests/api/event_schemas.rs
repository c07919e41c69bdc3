//! What the AsyncAPI document promises is what is sent.

use kamhub_helpdesk::events::EventType;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::feedback::{PATH, give};
use crate::speaking::customer;
use crate::support::{agent, bring_to, create, patch, path};

/// Where `value` does not fit `schema`: JSON Schema as far as the document uses it, and stricter in one
/// point, that an object has no field which its schema does not name.
pub fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return faults(document, target.expect("the reference leads somewhere"), value, at);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            let tried: Vec<_> =
                choices.iter().map(|one| faults(document, one, value, at)).collect();
            let fits = tried.iter().any(Vec::is_empty);
            return if fits { Vec::new() } else { tried.into_iter().last().unwrap_or_default() };
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().flat_map(|part| faults(document, part, value, at)).collect();
    }
    let mut found = plain_faults(schema, value, at);
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(document, &schema["items"], item, &format!("{at}[{index}]")));
    }
    if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at} lacks {name}"));
            }
        }
        for (name, inner) in fields {
            match properties.get(name) {
                Some(property) => {
                    found.extend(faults(document, property, inner, &format!("{at}.{name}")));
                }
                None => found.push(format!("{at}.{name} is not in the schema")),
            }
        }
    }
    found
}

/// As [`faults`], of the value itself without what is inside it.
fn plain_faults(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let fits = |name: &str| match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the test does not know the type {other}"),
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| fits(kind)) {
        found.push(format!("{at} must be {kinds:?}, not {value}"));
    }
    let words = schema["enum"].as_array();
    if words.is_some_and(|words| !words.contains(value) && !value.is_null()) {
        found.push(format!("{at} is not one of its words: {value}"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        found.push(format!("{at} must be {}, not {value}", schema["const"]));
    }
    if schema["format"] == "date-time"
        && value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_err())
    {
        found.push(format!("{at} is no time: {value}"));
    }
    found
}

/// Where an envelope does not fit what the document says of its event.
pub fn envelope_faults(document: &Value, word: &str, envelope: &Value) -> Vec<String> {
    let payload = &document["components"]["messages"][word]["payload"]["allOf"];
    let mut found = faults(document, &payload[0], envelope, word);
    for name in ["type", "data"] {
        let schema = &payload[1]["properties"][name];
        found.extend(faults(document, schema, &envelope[name], &format!("{word}.{name}")));
    }
    found
}

#[tokio::test]
async fn every_example_fits_its_schema() {
    let app = TestApp::start().await;
    let document = app.anonymous.get("/asyncapi.json").await.json;
    assert_eq!(document["asyncapi"], "3.0.0");
    for kind in EventType::ALL {
        let example = &document["components"]["messages"][kind.as_str()]["examples"][0]["payload"];
        assert_eq!(envelope_faults(&document, kind.as_str(), example), Vec::<String>::new());
    }
}

/// Makes every event that agents, tickets and messages have.
async fn work_on_tickets(app: &TestApp) {
    let anna =
        agent(app, "Anna", json!({"workingHours": {"start": "09:00", "end": "09:00"}})).await;
    let anna_path = format!("/api/support/agents/{}", anna["id"].as_str().unwrap());
    app.admin
        .patch(&anna_path, json!({"maxConcurrentTickets": 9, "team": "Bookings"}))
        .await
        .data(200);
    app.admin.put(&format!("{anna_path}/status"), json!({"status": "busy"})).await.data(200);
    let files = json!([{"fileName": "a.pdf", "fileUrl": "https://example.com/a.pdf", "fileType": "application/pdf"}]);
    let ticket = create(&app.admin, json!({"attachments": files, "tags": ["vip"]})).await;
    bring_to(app, &ticket, "closed").await;
    bring_to(app, &create(&app.anonymous, json!({})).await, "resolved").await;
    let message = json!({"message": "It is refunded.", "senderType": "agent", "senderName": "Anna",
        "attachments": [{"url": "https://example.com/b.pdf", "name": "b.pdf"}]});
    let other = create(&app.anonymous, json!({})).await;
    let said =
        app.admin.post(&format!("{}/messages", path(&other)), message).await.data(201).clone();
    let note = json!({"message": "Ask the bank.", "isInternal": true});
    app.admin.post(&format!("{}/messages", path(&other)), note).await.data(201);
    let rating = format!("/api/support/messages/{}/rating", said["id"].as_str().unwrap());
    app.admin.post(&rating, json!({"rating": 5, "comment": "Thanks"})).await.data(200);
    patch(app, &other, json!({"tags": ["bank"], "team": null})).await.data(200);
    assert_eq!(app.admin.delete(&path(&other)).await.status, 204);
}

/// Makes every event that customers' opinions have.
async fn ask_customers(app: &TestApp) {
    let rated = create(&app.admin, json!({})).await;
    let irina = customer(app, &rated);
    give(&irina, &rated, json!({"rating": 4, "categories": {"knowledge": 5}})).await.data(201);
    give(&irina, &rated, json!({"rating": 1, "followUpRequired": true})).await.data(200);
    let survey = json!({"overallRating": 4, "comment": "Fine", "npsScore": 10});
    app.anonymous.post(PATH, survey).await.data(201);
    bring_to(app, &rated, "resolved").await;
    app.clock.advance(chrono::Duration::hours(1));
    crate::feedback_requests::work(app).await;
}

/// Makes every event that promises have.
async fn break_promises(app: &TestApp) {
    let name = json!({"name": "Warned", "warnings": [{"percent": 50}]});
    crate::sla::policy(app, name).await;
    create(&app.admin, json!({})).await;
    app.clock.advance(chrono::Duration::hours(30));
    crate::sla::sweep(app).await;
    let violations = app.admin.get("/api/support/sla/violations").await;
    let id = violations.data(200)[0]["id"].as_str().unwrap().to_owned();
    let acknowledge = format!("/api/support/sla/violations/{id}/acknowledge");
    app.admin.post(&acknowledge, json!({"note": "Called"})).await.data(200);
}

/// Makes every event that articles have.
async fn write_articles(app: &TestApp) {
    let article = crate::knowledge::write(app, json!({})).await;
    let at = crate::knowledge::at(&article);
    app.admin
        .patch(&at, json!({"title": "Как вернуть деньги?", "isPublished": false}))
        .await
        .data(200);
    assert_eq!(app.admin.delete(&at).await.status, 204);
    let faq = json!({"question": "Когда придёт возврат?", "answer": "За десять рабочих дней.", "category": "Возврат"});
    let faq = app.admin.post("/api/support/faqs", faq).await.data(201).clone();
    let at = format!("/api/support/faqs/{}", faq["id"].as_str().unwrap());
    app.admin.patch(&at, json!({"priority": 90})).await.data(200);
    assert_eq!(app.admin.delete(&at).await.status, 204);
}

#[tokio::test]
async fn every_real_event_fits_its_schema() {
    let app = TestApp::start().await;
    work_on_tickets(&app).await;
    ask_customers(&app).await;
    break_promises(&app).await;
    write_articles(&app).await;
    kamhub_helpdesk::notifications::bus::run::deliver_once(&app.app).await.unwrap();
    let document = app.anonymous.get("/asyncapi.json").await.json;
    let events = crate::event_bus::placed(&app).await;
    let mut seen: Vec<&str> = events.iter().map(|event| event.event.kind.as_str()).collect();
    for event in &events {
        let envelope = serde_json::to_value(event.envelope("https://support.example.com")).unwrap();
        assert_eq!(envelope_faults(&document, &event.event.kind, &envelope), Vec::<String>::new());
    }
    seen.sort_unstable();
    seen.dedup();
    let expected = [
        "faq.created",
        "faq.deleted",
        "faq.updated",
        "article.created",
        "article.deleted",
        "article.published",
        "sla.violation_acknowledged",
        "sla.violation_detected",
        "sla.warning",
        "csat.requested",
        "feedback.created",
        "feedback.follow_up_required",
        "feedback.updated",
        "survey.completed",
        "agent.created",
        "agent.status_changed",
        "agent.updated",
        "ticket.created",
        "ticket.deleted",
        "ticket.message.created",
        "ticket.message.rated",
        "ticket.updated",
    ];
    for word in expected {
        assert!(seen.contains(&word), "no {word} among {seen:?}");
    }
}
