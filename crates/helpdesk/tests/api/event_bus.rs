//! The event bus: one order, nothing missed, nothing forgotten too early.

use chrono::TimeDelta;
use kamhub_helpdesk::events::{self, EventType};
use kamhub_helpdesk::notifications::bus::model::Placed;
use kamhub_helpdesk::notifications::bus::run::{copy_once, deliver_once};
use kamhub_helpdesk::notifications::bus::service;
use kamhub_testkit::TestApp;
use serde_json::json;

/// Every event that has its place, in order.
pub async fn placed(app: &TestApp) -> Vec<Placed> {
    let mut connection = app.app.db.connection().await.unwrap();
    service::want(&mut connection, "probe", true).await.unwrap();
    sqlx::query("UPDATE event_cursors SET position = 0 WHERE name = 'probe'")
        .execute(&mut *connection)
        .await
        .unwrap();
    let mut tx = app.app.db.begin().await.unwrap();
    let events = service::next_events(&mut tx, "probe").await.unwrap();
    tx.rollback().await.unwrap();
    service::want(&mut connection, "probe", false).await.unwrap();
    events
}

async fn publish(connection: &mut sqlx::PgConnection, app: &TestApp, subject: &str) {
    let now = kamhub_kernel::Clock::now(&*app.clock);
    events::publish(connection, now, EventType::TicketUpdated, subject, &json!({})).await.unwrap();
}

async fn work_off(app: &TestApp) {
    while deliver_once(&app.app).await.unwrap() {}
}

#[tokio::test]
async fn an_event_that_commits_after_a_later_one_is_not_missed() {
    let app = TestApp::start().await;
    let mut slow = app.app.db.begin().await.unwrap();
    publish(&mut slow, &app, "tickets/1").await;
    let mut quick = app.app.db.begin().await.unwrap();
    publish(&mut quick, &app, "tickets/2").await;
    quick.commit().await.unwrap();
    work_off(&app).await;
    let subjects = |events: Vec<Placed>| -> Vec<String> {
        events.into_iter().map(|event| event.event.subject).collect()
    };
    assert_eq!(subjects(placed(&app).await), ["tickets/2"], "nobody waits for a slow transaction");
    slow.commit().await.unwrap();
    work_off(&app).await;
    assert_eq!(subjects(placed(&app).await), ["tickets/2", "tickets/1"]);
}

#[tokio::test]
async fn many_readers_at_once_place_every_event_once_and_in_order() {
    let app = TestApp::start().await;
    let writers = (0..4).map(|writer| {
        let app = &app;
        async move {
            for _ in 0..40 {
                let mut tx = app.app.db.begin().await.unwrap();
                // As a change of a ticket does, its event is written under the ticket's lock.
                sqlx::query("SELECT pg_advisory_xact_lock($1)")
                    .bind(i64::from(writer % 2))
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                publish(&mut tx, app, &format!("tickets/{}", writer % 2)).await;
                tx.commit().await.unwrap();
            }
        }
    });
    let readers = (0..3).map(|_| async {
        for _ in 0..60 {
            deliver_once(&app.app).await.unwrap();
        }
    });
    futures::future::join(futures::future::join_all(writers), futures::future::join_all(readers))
        .await;
    work_off(&app).await;
    let events = placed(&app).await;
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=160).collect::<Vec<i64>>());
    for subject in ["tickets/0", "tickets/1"] {
        let ids: Vec<i64> = events
            .iter()
            .filter(|event| event.event.subject == subject)
            .map(|event| event.event.id)
            .collect();
        assert_eq!(ids.len(), 80);
        assert!(ids.is_sorted(), "{subject} is told out of order: {ids:?}");
    }
}

#[tokio::test]
async fn an_event_stays_until_every_consumer_has_seen_it() {
    let app = TestApp::start().await;
    let mut connection = app.app.db.connection().await.unwrap();
    publish(&mut connection, &app, "tickets/1").await;
    let later = kamhub_kernel::Clock::now(&*app.clock) + TimeDelta::days(365);
    let forget = async |connection: &mut sqlx::PgConnection| {
        events::forget_before(connection, later).await.unwrap()
    };
    assert_eq!(forget(&mut connection).await, 0, "it has no place yet");
    service::want(&mut connection, "stream", true).await.unwrap();
    work_off(&app).await;
    assert_eq!(forget(&mut connection).await, 0, "one consumer has not seen it");
    let lags = service::lags(&mut connection).await.unwrap();
    let behind: Vec<&str> =
        lags.iter().filter(|lag| lag.oldest.is_some()).map(|lag| lag.consumer.as_str()).collect();
    assert_eq!(behind, ["stream"]);
    let turn = service::take_turn(&mut connection, "stream", later).await.unwrap().unwrap();
    assert!(service::take_turn(&mut connection, "stream", later).await.unwrap().is_none());
    assert!(service::end_turn(&mut connection, "stream", &turn, 1).await.unwrap());
    assert_eq!(forget(&mut connection).await, 1);
}

#[tokio::test]
async fn a_turn_that_was_lost_moves_nothing() {
    let app = TestApp::start().await;
    let mut connection = app.app.db.connection().await.unwrap();
    service::want(&mut connection, "stream", true).await.unwrap();
    publish(&mut connection, &app, "tickets/1").await;
    work_off(&app).await;
    let now = kamhub_kernel::Clock::now(&*app.clock);
    let lost = service::take_turn(&mut connection, "stream", now).await.unwrap().unwrap();
    let later = now + TimeDelta::minutes(1);
    let taken = service::take_turn(&mut connection, "stream", later).await.unwrap().unwrap();
    assert!(!service::end_turn(&mut connection, "stream", &lost, 1).await.unwrap());
    assert_eq!(taken.events.len(), 1, "the event is told again");
    assert!(service::end_turn(&mut connection, "stream", &taken, 1).await.unwrap());
    assert!(!copy_once(&app.app).await.unwrap(), "without Redis there is nothing to copy to");
}
