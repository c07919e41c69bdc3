//! Rate limits in process and over replicas.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use kamhub_cache::{Cache, RateLimiter, RateRule};
use support::{RedisServer, until};

const SLOW: RateRule = RateRule { name: "slow", burst: 5, per: Duration::from_secs(3_600) };

async fn both() -> (RedisServer, [RateLimiter; 2]) {
    let server = RedisServer::start();
    let redis = server.cache().await;
    let limiters = [RateLimiter::new(&Cache::in_process(10)), RateLimiter::new(&redis)];
    (server, limiters)
}

#[tokio::test]
async fn a_burst_is_allowed_and_the_next_is_told_when_to_come_back() {
    let (_server, limiters) = both().await;
    for limiter in limiters {
        for _ in 0..SLOW.burst {
            assert!(limiter.check(&SLOW, "a").await.is_ok());
        }
        let limited = limiter.check(&SLOW, "a").await.unwrap_err();
        let interval = SLOW.per / SLOW.burst;
        assert!(limited.retry_after <= interval, "{limited:?}");
        assert!(limited.retry_after > interval - Duration::from_secs(30), "{limited:?}");
        assert!(limiter.check(&SLOW, "b").await.is_ok(), "another key has its own budget");
        let other = RateRule { name: "other", ..SLOW };
        assert!(limiter.check(&other, "a").await.is_ok(), "another rule has its own budget");
    }
}

#[tokio::test]
async fn the_budget_grows_back_evenly() {
    let (_server, limiters) = both().await;
    let rule = RateRule { name: "quick", burst: 2, per: Duration::from_millis(400) };
    for limiter in limiters {
        while limiter.check(&rule, "a").await.is_ok() {}
        until("one more is allowed", async || limiter.check(&rule, "a").await.is_ok()).await;
    }
}

#[tokio::test]
async fn replicas_share_one_budget() {
    let server = RedisServer::start();
    let mut limiters = Vec::new();
    for _ in 0..2 {
        limiters.push(RateLimiter::new(&server.cache().await));
    }
    let checks = (0..40).map(|turn| {
        let limiter = limiters[turn % 2].clone();
        tokio::spawn(async move { limiter.check(&SLOW, "a").await.is_ok() })
    });
    let mut allowed = 0;
    for check in checks.collect::<Vec<_>>() {
        allowed += u32::from(check.await.unwrap());
    }
    assert_eq!(allowed, SLOW.burst);
    assert!(
        server.cli(&["PTTL", "kamhub:rate:slow:a"]).parse::<i64>().unwrap() > 0,
        "idle keys leave Redis"
    );
}

#[tokio::test]
async fn no_limit_and_no_budget_are_rules_too() {
    let (_server, limiters) = both().await;
    let none = RateRule { name: "none", burst: 0, per: Duration::from_secs(5) };
    for limiter in limiters {
        for _ in 0..1_000 {
            assert!(limiter.check(&RateRule::unlimited("free"), "a").await.is_ok());
        }
        assert_eq!(limiter.check(&none, "a").await.unwrap_err().retry_after, none.per);
    }
}

#[tokio::test]
async fn a_flood_of_keys_neither_fails_nor_stays() {
    let limiter = RateLimiter::new(&Cache::in_process(10));
    let brief = RateRule { name: "brief", burst: 10, per: Duration::from_millis(1) };
    for key in 0..20_000 {
        assert!(limiter.check(&brief, &key.to_string()).await.is_ok());
    }
}
