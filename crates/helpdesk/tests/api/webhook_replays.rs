//! What becomes of a webhook whose receiver fails, of tests, and of deliveries that are sent again.

use chrono::Duration;
use kamhub_helpdesk::notifications::bus::run::deliver_once;
use serde_json::{Value, json};

use crate::event_schemas::envelope_faults;
use crate::support::create;
use crate::webhooks::{PATH, Sink, deliveries, endpoint, house, work};

#[tokio::test]
async fn five_days_of_failures_switch_a_webhook_off_and_others_are_told() {
    let app = house().await;
    let (dead, alive) = (Sink::start().await, Sink::start().await);
    let (hook, _) = endpoint(&app, &dead, json!(["ticket.created"])).await;
    endpoint(&app, &alive, json!(["webhook.*"])).await;
    dead.answer(100, 500);
    for _ in 0..5 {
        create(&app.anonymous, json!({})).await;
        work(&app).await;
        app.clock.advance(Duration::hours(23));
    }
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    let still = app.admin.get(&hook).await;
    assert_eq!(still.data(200)["active"], true, "{}", still.text);
    assert!(!still.data(200)["failingSince"].is_null());
    app.clock.advance(Duration::hours(6));
    work(&app).await;
    let off = app.admin.get(&hook).await.data(200).clone();
    assert_eq!((&off["active"], &off["disabledReason"]), (&json!(false), &json!("failing")));
    work(&app).await;
    let told = alive.heard();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].told().0, "kamhub.support.webhook.endpoint_disabled.v1");
    let document = app.anonymous.get("/asyncapi.json").await.json;
    let faults = envelope_faults(&document, "webhook.endpoint_disabled", &told[0].event());
    assert_eq!(faults, Vec::<String>::new());

    let calls = dead.heard().len();
    app.clock.advance(Duration::hours(13));
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    assert_eq!(dead.heard().len(), calls, "a webhook that is off is not called");
    let on = app.admin.patch(&hook, json!({"active": true})).await;
    let on = on.data(200);
    assert_eq!(
        (&on["active"], &on["disabledAt"], &on["failingSince"]),
        (&json!(true), &json!(null), &json!(null))
    );
    dead.answers.lock().unwrap().clear();
    let range = json!({"from": "2026-03-01T00:00:00Z"});
    let replayed = app.admin.post(&format!("{hook}/replay"), range).await;
    assert!(replayed.data(200)["replayed"].as_i64().unwrap() >= 6, "{}", replayed.text);
    work(&app).await;
    let statuses: Vec<Value> =
        deliveries(&app, &hook).await.iter().map(|delivery| delivery["status"].clone()).collect();
    assert!(statuses.iter().all(|status| status == "sent"), "{statuses:?}");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_called_no_more() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    sink.answer(1, 410);
    create(&app.anonymous, json!({})).await;
    work(&app).await;
    let off = app.admin.get(&hook).await.data(200).clone();
    assert_eq!((&off["active"], &off["disabledReason"]), (&json!(false), &json!("gone")));
    assert_eq!(deliveries(&app, &hook).await[0]["status"], "failed");
    create(&app.anonymous, json!({})).await;
    app.clock.advance(Duration::days(1));
    work(&app).await;
    assert_eq!(sink.heard().len(), 1);
}

#[tokio::test]
async fn a_test_is_sent_at_once_and_once() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, secret) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    app.admin.patch(&hook, json!({"active": false})).await.data(200);
    let sent = app.admin.post(&format!("{hook}/test"), json!({})).await;
    let id = sent.data(201)["deliveryId"].clone();
    work(&app).await;
    assert!(sink.heard()[0].is_signed_by(&secret));
    let document = app.anonymous.get("/asyncapi.json").await.json;
    let event = sink.heard()[0].event();
    assert_eq!(envelope_faults(&document, "webhook.test", &event), Vec::<String>::new());
    assert_eq!(event["type"], "kamhub.support.webhook.test.v1");
    assert_eq!(
        (&event["sequence"], &event["partitionkey"]),
        (&json!("0".repeat(20)), &event["subject"])
    );
    let channels = &document["channels"];
    assert!(channels["webhook"]["messages"]["webhook.test"].is_object());
    assert!(channels["stream"]["messages"]["webhook.test"].is_null(), "nobody else hears it");
    assert_eq!(deliveries(&app, &hook).await[0]["id"], id);
    sink.answer(1, 500);
    app.admin.post(&format!("{hook}/test"), json!({})).await.data(201);
    work(&app).await;
    let failed = &deliveries(&app, &hook).await[0];
    assert_eq!((&failed["status"], &failed["responseStatus"]), (&json!("failed"), &json!(500)));
    assert!(app.admin.get(&hook).await.data(200)["failingSince"].is_null(), "a test judges nobody");
}

#[tokio::test]
async fn a_past_delivery_is_sent_again() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    create(&app.anonymous, json!({})).await;
    let replay = async |id: &Value| {
        app.admin
            .post(&format!("{PATH}/deliveries/{}/replay", id.as_str().unwrap()), json!({}))
            .await
    };
    while deliver_once(&app.app).await.unwrap() {}
    let waiting = deliveries(&app, &hook).await[0]["id"].clone();
    replay(&waiting).await.fault(409, "DELIVERY_UNDER_WAY");
    work(&app).await;
    let copy = replay(&waiting).await.data(200)["deliveryId"].clone();
    assert_ne!(copy, waiting);
    work(&app).await;
    let heard = sink.take();
    assert_eq!(heard[0].event(), heard[1].event());
    assert_ne!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));

    app.admin
        .post(&format!("{hook}/replay"), json!({"from": "2026-03-03T00:00:00Z"}))
        .await
        .fault(400, "VALIDATION_FAILED");
    app.admin.post(&format!("{hook}/replay"), json!({})).await.fault(400, "VALIDATION_FAILED");
    let range = json!({"from": "2026-03-01T00:00:00Z", "status": "SENT"});
    let replayed = app.admin.post(&format!("{hook}/replay"), range).await;
    assert_eq!(replayed.data(200), &json!({"replayed": 2, "nextCursor": null}));
    work(&app).await;
    assert_eq!(sink.heard().len(), 2);
    app.admin
        .post(&format!("{PATH}/deliveries/999999/replay"), json!({}))
        .await
        .fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn every_fault_of_a_webhook_is_told_at_once() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["*"])).await;
    let sentence = "Events must be names such as ticket.created, beginnings such as ticket.*, or *";
    let body = json!({"url": "http://169.254.169.254/latest/", "description": "x".repeat(501),
        "events": ["ticket.*", "nope.x", ""]});
    let expected = json!({
        "url": "Url must not lead to a private, local or reserved address",
        "description": "Description must be at most 500 characters",
        "events.1": sentence,
        "events.2": sentence,
    });
    let made = app.admin.post(PATH, body.clone()).await;
    assert_eq!(made.fault(400, "VALIDATION_FAILED"), &expected);
    let changed = app.admin.patch(&hook, body).await;
    assert_eq!(changed.fault(400, "VALIDATION_FAILED"), &expected);
    let nothing = app.admin.post(PATH, json!({})).await;
    assert_eq!(
        nothing.fault(400, "VALIDATION_FAILED"),
        &json!({"url": "Url is required", "events": "Events must name at least one event"})
    );
    let many = app.admin.patch(&hook, json!({"events": vec!["*"; 51]})).await;
    let sentence = "Events must have at most 50 entries";
    assert_eq!(many.fault(400, "VALIDATION_FAILED"), &json!({"events": sentence}));
}

#[tokio::test]
async fn times_of_a_replay_that_are_none_are_refused_in_our_words() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["*"])).await;
    let replay = async |body: Value| app.admin.post(&format!("{hook}/replay"), body).await;
    let wrong = replay(json!({"from": "2026-11-20", "until": "yesterday", "cursor": "x"})).await;
    let faults = wrong.fault(400, "VALIDATION_FAILED");
    for (field, name) in [("from", "From"), ("until", "Until")] {
        let told = faults[field].as_str().unwrap();
        assert!(
            told.starts_with(&format!("{name} must be ")) && told.contains("RFC 3339"),
            "{told}"
        );
    }
    assert!(faults["cursor"].is_string(), "{faults}");
    let missing = replay(json!({})).await;
    assert_eq!(missing.fault(400, "VALIDATION_FAILED"), &json!({"from": "From is required"}));
}

#[tokio::test]
async fn only_410_ends_a_delivery_what_a_receiver_may_mend_is_tried_again() {
    let app = house().await;
    let sink = Sink::start().await;
    let (hook, _) = endpoint(&app, &sink, json!(["ticket.created"])).await;
    for status in [400, 401, 404, 413, 422] {
        sink.answer(1, status);
        create(&app.anonymous, json!({})).await;
        work(&app).await;
        let tried = deliveries(&app, &hook).await.remove(0);
        assert_eq!(
            (&tried["status"], &tried["responseStatus"]),
            (&json!("retrying"), &json!(status))
        );
    }
}
