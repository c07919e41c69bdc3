//! What the cache does while its Redis is killed, frozen or comes back with an older state.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::{Duration, Instant};

use kamhub_cache::{Cache, Health, RateLimiter, RateRule};
use support::{DEADLINE, RedisServer, away, connected, until};

const TTL: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_killed_redis_means_misses_and_when_it_is_back_the_cache_works_again() {
    let mut server = RedisServer::start();
    let cache = server.cache().await;
    cache.put("a", "k", &1_u32, TTL).await;
    server.kill();
    assert_eq!(cache.get::<u32>("a", "k").await, None);
    cache.put("a", "k", &1_u32, TTL).await;
    cache.remove_space("a").await;
    let loaded = cache.get_or_load("a", "k", TTL, async || Ok::<_, ()>(2_u32)).await;
    assert_eq!(loaded, Ok(2));
    away(&cache).await;
    server.start_again();
    connected(&cache).await;
    cache.put("a", "k", &3_u32, TTL).await;
    assert_eq!(cache.get("a", "k").await, Some(3_u32));
}

#[tokio::test]
async fn a_cache_made_before_its_redis_connects_when_it_comes() {
    let mut server = RedisServer::start();
    server.kill();
    let cache = Cache::redis(&server.url(), DEADLINE).await.unwrap();
    assert_eq!(cache.get::<u32>("a", "k").await, None);
    server.start_again();
    connected(&cache).await;
    cache.put("a", "k", &1_u32, TTL).await;
    assert_eq!(cache.get("a", "k").await, Some(1_u32));
}

#[tokio::test]
async fn a_frozen_redis_costs_one_timeout_and_what_was_invalidated_then_stays_invalid() {
    let server = RedisServer::start();
    let cache = Cache::redis(&server.url(), Duration::from_millis(500)).await.unwrap();
    let other = server.cache().await;
    for space in ["removed", "emptied", "written", "kept"] {
        other.put(space, "k", &1_u32, TTL).await;
    }
    server.freeze();
    let begun = Instant::now();
    cache.remove("removed", "k").await;
    cache.remove_space("emptied").await;
    cache.put("written", "k", &2_u32, TTL).await;
    for _ in 0..100 {
        assert_eq!(cache.get::<u32>("kept", "k").await, None);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "only the first call waits: {:?}",
        begun.elapsed()
    );
    server.thaw();
    until("the cache trusts Redis again", async || {
        for space in ["removed", "emptied", "written"] {
            assert_ne!(cache.get::<u32>(space, "k").await, Some(1), "{space} was invalidated");
        }
        cache.get("kept", "k").await == Some(1_u32)
    })
    .await;
    connected(&other).await;
    for space in ["removed", "emptied", "written"] {
        assert_ne!(
            other.get::<u32>(space, "k").await,
            Some(1),
            "{space} was invalidated for everybody"
        );
    }
}

#[tokio::test]
async fn a_redis_that_comes_back_with_an_older_state_serves_nothing_of_it() {
    let mut server = RedisServer::start();
    let [cache, idle] = [server.cache().await, server.cache().await];
    cache.put("a", "k", &1_u32, TTL).await;
    assert_eq!(idle.get("a", "k").await, Some(1_u32));
    server.cli(&["SAVE"]);
    cache.remove("a", "k").await;
    server.kill();
    server.start_again();
    assert_eq!(server.cli(&["EXISTS", "kamhub:value:a:k"]), "1", "the old value is back in Redis");
    until("the idle replica trusts Redis again", async || {
        assert_eq!(idle.get::<u32>("a", "k").await, None);
        idle.health().await == Health::Connected
    })
    .await;
    connected(&cache).await;
    assert_eq!(cache.get::<u32>("a", "k").await, None);
    assert_eq!(idle.get::<u32>("a", "k").await, None);
    assert_eq!(server.cache().await.get::<u32>("a", "k").await, None);
}

#[tokio::test]
async fn a_redis_that_refuses_writes_is_not_trusted() {
    let server = RedisServer::start();
    let cache = server.cache().await;
    cache.put("a", "k", &1_u32, TTL).await;
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    cache.remove("a", "k").await;
    assert_eq!(cache.get::<u32>("a", "k").await, None);
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    connected(&cache).await;
    assert_eq!(cache.get::<u32>("a", "k").await, None);
}

#[tokio::test]
async fn while_redis_is_away_the_limiter_goes_on_in_process() {
    let mut server = RedisServer::start();
    let cache = server.cache().await;
    let limiter = RateLimiter::new(&cache);
    let rule = RateRule { name: "sign-in", burst: 2, per: Duration::from_secs(3_600) };
    assert!(limiter.check(&rule, "a").await.is_ok());
    assert!(limiter.check(&rule, "a").await.is_ok());
    assert!(limiter.check(&rule, "a").await.is_err());
    server.kill();
    assert!(limiter.check(&rule, "a").await.is_ok());
    assert!(limiter.check(&rule, "a").await.is_ok());
    assert!(limiter.check(&rule, "a").await.is_err());
    server.start_again();
    connected(&cache).await;
    assert!(limiter.check(&rule, "a").await.is_ok(), "the new server counts anew");
}
