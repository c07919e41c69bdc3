//! The cache on a Redis that works, and in process: the same promises.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::disallowed_methods, reason = "tests are told by variables where the servers are")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use kamhub_cache::{Cache, Health};
use metrics_exporter_prometheus::PrometheusBuilder;
use support::{DEADLINE, RedisServer, connected, until};
use tokio::sync::{Semaphore, oneshot};

const TTL: Duration = Duration::from_secs(60);

/// Both back ends; the server is given so that it outlives the test.
async fn both() -> (RedisServer, [Cache; 2]) {
    let server = RedisServer::start();
    let redis = server.cache().await;
    (server, [Cache::in_process(1_000), redis])
}

async fn load(cache: &Cache, space: &'static str, value: u32) -> u32 {
    cache.get_or_load(space, "k", TTL, async || Ok::<_, ()>(value)).await.unwrap()
}

#[tokio::test]
async fn a_value_is_found_until_it_is_removed() {
    let (_server, caches) = both().await;
    for cache in caches {
        assert_eq!(cache.get::<u32>("a", "k").await, None);
        cache.put("a", "k", &7_u32, TTL).await;
        assert_eq!(cache.get("a", "k").await, Some(7_u32));
        assert_eq!(cache.get::<u32>("b", "k").await, None);
        assert_eq!(
            cache.get::<Vec<String>>("a", "k").await,
            None,
            "a value of another type is a miss"
        );
        cache.remove("a", "k").await;
        assert_eq!(cache.get::<u32>("a", "k").await, None);
        assert_eq!(load(&cache, "a", 8).await, 8);
        assert_eq!(load(&cache, "a", 9).await, 8);
    }
}

#[tokio::test]
async fn a_space_is_invalidated_alone_and_clear_takes_all() {
    let (_server, caches) = both().await;
    for cache in caches {
        for space in ["a", "b"] {
            cache.put(space, "k", &1_u32, TTL).await;
        }
        cache.remove_space("a").await;
        assert_eq!(cache.get::<u32>("a", "k").await, None);
        assert_eq!(cache.get("b", "k").await, Some(1_u32));
        cache.clear().await;
        assert_eq!(cache.get::<u32>("b", "k").await, None);
    }
}

#[tokio::test]
async fn a_value_ends_with_its_lifetime() {
    let (_server, caches) = both().await;
    for cache in caches {
        cache.put("a", "short", &1_u32, Duration::from_millis(30)).await;
        cache.put("a", "none", &1_u32, Duration::ZERO).await;
        assert_eq!(cache.get::<u32>("a", "none").await, None);
        until("the value is gone", async || cache.get::<u32>("a", "short").await.is_none()).await;
    }
}

#[tokio::test]
async fn fifty_callers_share_one_load() {
    let (_server, caches) = both().await;
    for cache in caches {
        let loads = Arc::new(AtomicU32::new(0));
        let gate = Arc::new(Semaphore::new(0));
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let (cache, loads, gate) = (cache.clone(), loads.clone(), gate.clone());
                tokio::spawn(async move {
                    cache
                        .get_or_load("a", "k", TTL, async || {
                            loads.fetch_add(1, Ordering::SeqCst);
                            gate.acquire().await.unwrap().forget();
                            Ok::<_, ()>(5_u32)
                        })
                        .await
                })
            })
            .collect();
        until("a load runs", async || loads.load(Ordering::SeqCst) == 1).await;
        gate.add_permits(50);
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Ok(5));
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_failed_or_dropped_load_lets_the_next_one_load() {
    let (_server, caches) = both().await;
    for cache in caches {
        let (started, running) = oneshot::channel();
        let dropped = tokio::spawn({
            let cache = cache.clone();
            async move {
                let load = async || {
                    started.send(()).unwrap();
                    std::future::pending::<Result<u32, ()>>().await
                };
                cache.get_or_load("a", "k", TTL, load).await
            }
        });
        running.await.unwrap();
        dropped.abort();
        let failed = cache.get_or_load("a", "k", TTL, async || Err::<u32, _>("no database")).await;
        assert_eq!(failed, Err("no database"));
        assert_eq!(load(&cache, "a", 3).await, 3);
    }
}

/// Loads 1, and while that runs invalidates as told and asks again.
async fn invalidated_during_a_load(cache: &Cache, invalidate: impl AsyncFnOnce()) {
    let (started, running) = oneshot::channel();
    let (finish, end) = oneshot::channel::<()>();
    let slow = tokio::spawn({
        let cache = cache.clone();
        async move {
            let load = async || {
                started.send(()).unwrap();
                end.await.unwrap();
                Ok::<_, ()>(1_u32)
            };
            cache.get_or_load("a", "k", TTL, load).await
        }
    });
    running.await.unwrap();
    invalidate().await;
    assert_eq!(load(cache, "a", 2).await, 2, "a load from before the invalidation is not joined");
    finish.send(()).unwrap();
    assert_eq!(slow.await.unwrap(), Ok(1));
    assert_eq!(load(cache, "a", 3).await, 2, "and does not replace the newer value");
}

#[tokio::test]
async fn a_load_that_was_overtaken_by_an_invalidation_is_not_kept() {
    let (_server, caches) = both().await;
    for cache in caches {
        invalidated_during_a_load(&cache, async || cache.remove("a", "k").await).await;
        cache.remove_space("a").await;
        invalidated_during_a_load(&cache, async || cache.remove_space("a").await).await;
        cache.remove_space("a").await;
        invalidated_during_a_load(&cache, async || cache.clear().await).await;
    }
}

#[tokio::test]
async fn a_load_in_one_replica_is_overtaken_by_an_invalidation_in_another() {
    let server = RedisServer::start();
    let [one, two] = [server.cache().await, server.cache().await];
    invalidated_during_a_load(&one, async || two.remove("a", "k").await).await;
    one.remove_space("a").await;
    invalidated_during_a_load(&one, async || two.remove_space("a").await).await;
}

#[tokio::test]
async fn replicas_on_one_redis_see_each_others_values_and_invalidations() {
    let server = RedisServer::start();
    let [one, two] = [server.cache().await, server.cache().await];
    for way in ["remove", "remove_space", "clear"] {
        one.put("a", "k", &"privet".to_owned(), TTL).await;
        assert_eq!(two.get::<String>("a", "k").await.as_deref(), Some("privet"));
        match way {
            "remove" => two.remove("a", "k").await,
            "remove_space" => two.remove_space("a").await,
            _ => two.clear().await,
        }
        assert_eq!(one.get::<String>("a", "k").await, None, "{way}");
    }
}

#[tokio::test]
async fn a_server_that_forgets_its_generations_serves_nothing_old() {
    let server = RedisServer::start();
    let cache = server.cache().await;
    cache.put("a", "k", &1_u32, TTL).await;
    server.cli(&["DEL", "kamhub:gen:a"]);
    assert_eq!(cache.get::<u32>("a", "k").await, None);
    assert_eq!(load(&cache, "a", 2).await, 2);
    assert_eq!(cache.get("a", "k").await, Some(2_u32));
    server.cli(&["FLUSHALL"]);
    assert_eq!(cache.get::<u32>("a", "k").await, None);
    cache.put("a", "k", &3_u32, TTL).await;
    assert_eq!(cache.get("a", "k").await, Some(3_u32));
}

#[tokio::test]
async fn health_tells_where_the_cache_lives() {
    let (_server, [local, redis]) = both().await;
    assert_eq!(local.health().await, Health::InProcess);
    assert_eq!(redis.health().await, Health::Connected);
    // Nothing listens on port 1; the second address also proves that TLS finds its cryptography.
    for url in ["redis://127.0.0.1:1", "rediss://127.0.0.1:1"] {
        let nowhere = Cache::redis(url, Cache::REDIS_TIMEOUT).await.unwrap();
        assert!(
            matches!(nowhere.health().await, Health::Unreachable(reason) if !reason.is_empty())
        );
    }
    for url in ["", "http//x", "redis-cluster://127.0.0.1:7000"] {
        assert!(Cache::redis(url, Cache::REDIS_TIMEOUT).await.is_err(), "{url}");
    }
}

#[tokio::test]
async fn the_password_and_database_of_the_address_are_used_and_never_told() {
    let server = RedisServer::start();
    server.cli(&["CONFIG", "SET", "requirepass", "se-cret"]);
    let url = server.url().replace("redis://", "redis://:se-cret@") + "/3";
    let cache = Cache::redis(&url, DEADLINE).await.unwrap();
    connected(&cache).await;
    cache.put("a", "k", &1_u32, TTL).await;
    assert_eq!(cache.get("a", "k").await, Some(1_u32));
    let count = server.cli(&["--no-auth-warning", "-a", "se-cret", "-n", "3", "DBSIZE"]);
    assert_eq!(count, "5", "the entry, its note, and the three stamps");
    let wrong = url.replace("se-cret", "wr-ong");
    match Cache::redis(&wrong, DEADLINE).await.unwrap().health().await {
        Health::Unreachable(reason) => assert!(!reason.contains("wr-ong"), "{reason}"),
        other => panic!("{other:?}"),
    }
    let unreadable = Cache::redis("redis://:wr-ong@host:port", DEADLINE).await.err().unwrap();
    assert!(!unreadable.to_string().contains("wr-ong"), "{unreadable}");
}

#[test]
fn hits_and_misses_are_counted_by_space() {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let cache = Cache::in_process(10);
            for value in 0..4 {
                load(&cache, "articles", value).await;
            }
            cache.get::<u32>("faqs", "k").await;
        });
    });
    let page = recorder.handle().render();
    for line in [
        r#"kamhub_cache_requests_total{space="articles",result="hit"} 3"#,
        r#"kamhub_cache_requests_total{space="articles",result="miss"} 1"#,
        r#"kamhub_cache_requests_total{space="faqs",result="miss"} 1"#,
    ] {
        assert!(page.contains(line), "{page}");
    }
}

#[tokio::test]
async fn a_redis_named_by_the_environment_is_used_as_it_is() {
    let Ok(url) = std::env::var("KAMHUB_TEST_REDIS_URL") else { return };
    let cache = Cache::redis(&url, Cache::REDIS_TIMEOUT).await.unwrap();
    cache.put("kamhub-test", "k", &1_u32, TTL).await;
    assert_eq!(cache.get("kamhub-test", "k").await, Some(1_u32));
    cache.remove("kamhub-test", "k").await;
    assert_eq!(cache.get::<u32>("kamhub-test", "k").await, None);
}
