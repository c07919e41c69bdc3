//! Wake-ups in process and between replicas.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use kamhub_cache::{Cache, Signal, Wake};
use support::{DEADLINE, RedisServer, connected};
use tokio::time::timeout;

async fn woken(signal: &mut Signal) {
    timeout(DEADLINE, signal.notified()).await.expect("a wake-up arrives");
}

async fn is_quiet(signal: &mut Signal) -> bool {
    timeout(Duration::ZERO, signal.notified()).await.is_err()
}

/// Publishes until it is heard: a replica that just started may miss the first.
async fn heard(from: &Wake, topic: &str, signal: &mut Signal) {
    let heard = async {
        loop {
            from.publish(topic);
            if timeout(Duration::from_millis(50), signal.notified()).await.is_ok() {
                break;
            }
        }
    };
    timeout(DEADLINE, heard).await.expect("a wake-up arrives");
}

#[tokio::test]
async fn many_wake_ups_of_a_topic_count_as_one() {
    let wake = Wake::new(&Cache::in_process(10));
    let mut signal = wake.subscribe("tickets");
    let mut other = wake.subscribe("articles");
    assert!(is_quiet(&mut signal).await);
    for _ in 0..3 {
        wake.publish("tickets");
    }
    woken(&mut signal).await;
    assert!(is_quiet(&mut signal).await);
    assert!(is_quiet(&mut other).await);
    wake.clone().publish("tickets");
    woken(&mut signal).await;
}

#[tokio::test]
async fn a_wake_up_reaches_another_replica() {
    let server = RedisServer::start();
    let here = Wake::new(&server.cache().await);
    let there = Wake::new(&server.cache().await);
    let mut signal = there.subscribe("ticket 1");
    let mut other = there.subscribe("ticket 2");
    // All are woken once when a replica begins to listen.
    woken(&mut signal).await;
    woken(&mut other).await;
    heard(&here, "ticket 1", &mut signal).await;
    assert!(is_quiet(&mut other).await);
}

#[tokio::test]
async fn wake_ups_survive_a_restart_of_redis_and_all_are_woken_after_it() {
    let mut server = RedisServer::start();
    let cache = server.cache().await;
    let here = Wake::new(&cache);
    let there = Wake::new(&server.cache().await);
    let mut signal = there.subscribe("tickets");
    woken(&mut signal).await;
    server.kill();
    let mut local = here.subscribe("tickets");
    here.publish("tickets");
    woken(&mut local).await;
    server.start_again();
    woken(&mut signal).await;
    connected(&cache).await;
    heard(&here, "tickets", &mut signal).await;
}
