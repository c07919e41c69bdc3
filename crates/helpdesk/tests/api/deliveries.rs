//! Deliveries keep their order per destination, are planned once, and know of their job's death.

use std::sync::{Arc, Mutex};

use chrono::Duration;
use kamhub_helpdesk::jobs;
use kamhub_helpdesk::notifications::deliveries::{self, SendWebhook};
use kamhub_helpdesk::notifications::model::{DeliveryChannel, NewDelivery, Outcome};
use kamhub_jobs::{Registry, Worker, WorkerOptions};
use kamhub_testkit::TestApp;
use serde_json::json;

fn call(event: i64, destination: &str, sequence: Option<&str>) -> NewDelivery {
    NewDelivery {
        event_id: Some(event),
        ticket_id: None,
        channel: DeliveryChannel::Webhook,
        destination: destination.to_owned(),
        sequence: sequence.map(str::to_owned),
        kind: "ticket.updated".to_owned(),
        payload: json!({"event": event}),
        not_before: None,
    }
}

async fn plan(app: &TestApp, planned: &[NewDelivery]) -> usize {
    let mut tx = app.app.db.begin().await.unwrap();
    let ids = deliveries::plan(&mut tx, &*app.clock, planned).await.unwrap();
    tx.commit().await.unwrap();
    ids.len()
}

/// Where deliveries went, in this order; each outcome is used once, then everything is taken.
#[derive(Clone, Default)]
struct Receiver {
    came: Arc<Mutex<Vec<String>>>,
    outcomes: Arc<Mutex<Vec<Outcome>>>,
}

impl Receiver {
    fn worker(&self, app: &TestApp) -> Worker {
        let mut registry = Registry::new();
        let receiver = self.clone();
        deliveries::carry::<SendWebhook, _, _>(&mut registry, &app.app, move |_, delivery| {
            let receiver = receiver.clone();
            async move {
                let name = format!("{}/{}", delivery.destination, delivery.payload["event"]);
                receiver.came.lock().unwrap().push(name);
                receiver.outcomes.lock().unwrap().pop().unwrap_or(Outcome::Sent)
            }
        })
        .unwrap();
        Worker::new(app.app.queue.clone(), registry, WorkerOptions::default())
    }

    fn came(&self) -> Vec<String> {
        self.came.lock().unwrap().clone()
    }
}

/// The statuses of all deliveries, in the order in which they were planned.
async fn statuses(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT status FROM deliveries ORDER BY id")
        .fetch_all(app.database.db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_event_is_planned_once_for_each_destination() {
    let app = TestApp::start().await;
    let planned = [call(1, "a", None), call(1, "b", None), call(2, "a", None)];
    assert_eq!(plan(&app, &planned).await, 3);
    assert_eq!(plan(&app, &planned).await, 0);
    let receiver = Receiver::default();
    receiver.worker(&app).drain().await.unwrap();
    assert_eq!(receiver.came(), ["a/1", "b/1", "a/2"]);
}

#[tokio::test]
async fn a_delivery_waits_for_the_earlier_ones_of_its_destination_and_sequence() {
    let app = TestApp::start().await;
    let receiver = Receiver::default();
    receiver.outcomes.lock().unwrap().push(Outcome::retry("busy"));
    let one = Some("tickets/1");
    plan(&app, &[call(1, "a", one), call(2, "a", one)]).await;
    plan(&app, &[call(3, "a", one), call(4, "b", one), call(5, "a", Some("tickets/2"))]).await;
    let worker = receiver.worker(&app);
    worker.drain().await.unwrap();
    assert_eq!(receiver.came(), ["a/1", "b/4", "a/5"]);
    app.clock.advance(Duration::seconds(5));
    worker.drain().await.unwrap();
    assert_eq!(receiver.came()[3..], ["a/1", "a/2", "a/3"]);
    plan(&app, &[call(6, "a", one)]).await;
    worker.drain().await.unwrap();
    assert_eq!(receiver.came()[6..], ["a/6"]);
    assert_eq!(statuses(&app).await, ["sent"; 6]);
}

#[tokio::test]
async fn a_delivery_that_is_given_up_holds_nothing_up() {
    let app = TestApp::start().await;
    let receiver = Receiver::default();
    receiver.outcomes.lock().unwrap().push(Outcome::permanent("gone"));
    let one = Some("tickets/1");
    plan(&app, &[call(1, "a", one), call(2, "a", one)]).await;
    let report = receiver.worker(&app).drain().await.unwrap();
    assert_eq!((report.dead, report.succeeded), (1, 1));
    assert_eq!(statuses(&app).await, ["failed", "sent"]);
}

#[tokio::test]
async fn a_delivery_whose_turn_has_not_come_loses_no_attempt() {
    let app = TestApp::start().await;
    let receiver = Receiver::default();
    let until = app.app.clock.now() + Duration::seconds(30);
    receiver.outcomes.lock().unwrap().push(Outcome::Later { until });
    plan(&app, &[call(1, "a", None)]).await;
    let worker = receiver.worker(&app);
    worker.drain().await.unwrap();
    assert_eq!(statuses(&app).await, ["pending"]);
    app.clock.advance(Duration::seconds(30));
    worker.drain().await.unwrap();
    assert_eq!(statuses(&app).await, ["sent"]);
}

#[tokio::test]
async fn a_worker_that_dies_in_the_last_attempt_leaves_no_delivery_under_way() {
    let app = TestApp::start().await;
    let one = Some("tickets/1");
    plan(&app, &[call(1, "a", one), call(2, "a", one)]).await;
    sqlx::query("UPDATE jobs SET state = 'dead', dead_at = now() WHERE kind = $1")
        .bind("notifications.send_webhook")
        .execute(app.database.db.pool())
        .await
        .unwrap();
    let registry = jobs::registry(&app.app).unwrap();
    Worker::new(app.app.queue.clone(), registry, WorkerOptions::default()).drain().await.unwrap();
    assert_eq!(statuses(&app).await[0], "failed");
    let replay = "/api/support/operations/dead-letters/replay";
    app.admin.post(replay, json!({})).await.data(200);
    assert_eq!(statuses(&app).await[0], "retrying");
    let receiver = Receiver::default();
    receiver.worker(&app).drain().await.unwrap();
    assert!(receiver.came().contains(&"a/1".to_owned()));
}
