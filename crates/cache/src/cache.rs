//! The cache: values by space and key, with exact invalidation and one load at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fred::{
    interfaces::{ClientLike, KeysInterface, LuaInterface},
    types::Value,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    flight::{Flights, InFlight},
    local::{Local, Mark, Marks},
    redis::{Away, BadRedisUrl, Connection, Debt, EPOCH_KEY, Redis, generation_key},
};

/// How long a removal is remembered, in milliseconds: well above [`LONGEST_LOAD`] and any queue on the way.
const REMOVAL_MEMORY_MS: i64 = 120_000;
/// A load that took longer is answered but not kept: the memory of a removal during it may be gone.
const LONGEST_LOAD: Duration = Duration::from_secs(30);

/// KEYS: epoch, generation, removal, entry. ARGV: a nonce for an epoch or generation that is missing.
const BEGIN: &str = "
redis.call('SET', KEYS[1], ARGV[1], 'NX')
redis.call('SET', KEYS[2], ARGV[1], 'NX')
return redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])";

/// Keeps a loaded value unless its key, space or everything was invalidated since the load began.
/// ARGV: stamp, removal seen, lifetime in ms, JSON.
const STORE: &str = "
if (redis.call('GET', KEYS[1]) or '') .. ' ' .. (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
if (redis.call('GET', KEYS[3]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[4], ARGV[1] .. '\\n' .. ARGV[4], 'PX', ARGV[3])
return 1";

/// Writes a value its caller vouches for; loads begun before are not kept.
/// ARGV: nonce, memory of the removal in ms, lifetime in ms, JSON.
const PUT: &str = "
redis.call('SET', KEYS[1], ARGV[1], 'NX')
redis.call('SET', KEYS[2], ARGV[1], 'NX')
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
local stamp = redis.call('GET', KEYS[1]) .. ' ' .. redis.call('GET', KEYS[2])
redis.call('SET', KEYS[4], stamp .. '\\n' .. ARGV[4], 'PX', ARGV[3])
return 1";

/// ARGV: nonce, memory of the removal in ms.
const REMOVE: &str = "
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[4])
return 1";

/// Where the cache lives and whether it can be reached, for the readiness endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// No Redis is configured; values are kept in this process.
    InProcess,
    /// Redis answered a moment ago.
    Connected,
    /// Redis is configured and cannot be used, for this reason. The product works without it.
    Unreachable(String),
}

/// Values by space and key, in this process or in Redis (`kamhub:` keys, JSON). Clones share everything.
///
/// No call returns an error or waits longer than the given time for Redis. What holds:
///
/// - **Invalidation is exact.** After [`remove`](Self::remove), [`remove_space`](Self::remove_space) or
///   [`clear`](Self::clear) has returned, no value loaded before it is served, here or in any replica that
///   shares the Redis; a load that was under way is answered to its own callers and not kept.
/// - **Outages.** While Redis is away every read is a miss and nothing is stored. An invalidation that may not
///   have arrived is remembered and repeated before this process trusts Redis again. A Redis that was restarted
///   or failed over, perhaps with an older state, starts with everything invalidated.
/// - **The limit.** A replica that still reaches Redis while another does not may serve what the other could not
///   invalidate, until that one is back; if it never comes back, until the value's lifetime ends. Lifetimes
///   should therefore stay in minutes.
#[derive(Clone)]
pub struct Cache {
    store: Store,
    flights: Arc<Flights>,
}

#[derive(Clone)]
enum Store {
    Local(Arc<Local>),
    /// The marks stand in for Redis during an outage, so that loads are still shared, but not over invalidations.
    Redis(Redis, Arc<Marks>),
}

/// What a load must still find when it stores; loads are shared only between callers that saw the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Seen {
    Here(Mark),
    Redis { stamp: String, removal: String },
}

impl Cache {
    /// How long a request may wait for Redis before it goes on without: 100 ms.
    pub const REDIS_TIMEOUT: Duration = Duration::from_millis(100);

    /// A cache in this process with at most about `max_entries` values.
    pub fn in_process(max_entries: u64) -> Self {
        Self::on(Store::Local(Arc::new(Local::new(max_entries))))
    }

    /// A cache in Redis 7 at `url` (`redis://` or `rediss://`, user, password and database in it), which has
    /// `timeout` to answer a command; the product gives it [`REDIS_TIMEOUT`](Self::REDIS_TIMEOUT).
    ///
    /// Returns within about two seconds also when the server is away, and connects when it comes. Must be called
    /// inside a Tokio runtime.
    ///
    /// # Errors
    /// When the URL cannot be read, or asks for Redis Cluster.
    pub async fn redis(url: &str, timeout: Duration) -> Result<Self, BadRedisUrl> {
        let redis = Redis::connect(url, timeout).await?;
        Ok(Self::on(Store::Redis(redis, Arc::new(Marks::new()))))
    }

    fn on(store: Store) -> Self {
        Self { store, flights: Arc::default() }
    }

    pub(crate) fn connection(&self) -> Option<Redis> {
        match &self.store {
            Store::Local(_) => None,
            Store::Redis(redis, _) => Some(redis.clone()),
        }
    }

    /// Asks Redis for a sign of life.
    pub async fn health(&self) -> Health {
        let Store::Redis(redis, _) = &self.store else {
            return Health::InProcess;
        };
        match redis.call(|connection| async move { connection.client.ping::<()>(None).await }).await
        {
            Ok(()) => Health::Connected,
            Err(Away) => {
                Health::Unreachable(redis.trouble().unwrap_or_else(|| "reconnecting".to_owned()))
            }
        }
    }

    /// The value, if it is there, current and of this type.
    pub async fn get<T: DeserializeOwned>(&self, space: &'static str, key: &str) -> Option<T> {
        let (json, _) = self.read(space, key).await;
        decode(space, json.as_deref())
    }

    /// Writes a value that is known to be current, for `ttl`. For anything read from the database use
    /// [`get_or_load`](Self::get_or_load), which cannot bring back a value that was invalidated meanwhile.
    pub async fn put<T: Serialize>(
        &self,
        space: &'static str,
        key: &str,
        value: &T,
        ttl: Duration,
    ) {
        let Some(json) = encode(space, value) else {
            return self.remove(space, key).await;
        };
        if ttl.as_millis() == 0 {
            return self.remove(space, key).await;
        }
        match &self.store {
            Store::Local(local) => local.put(space, key, json, ttl),
            Store::Redis(redis, marks) => {
                marks.remove(space, key);
                let keys = keys(space, key);
                let put = move |connection: Connection| async move {
                    let arguments: Vec<Value> = vec![
                        connection.nonce().into(),
                        REMOVAL_MEMORY_MS.into(),
                        milliseconds(ttl).into(),
                        json.as_ref().into(),
                    ];
                    connection.client.eval(PUT, keys, arguments).await
                };
                // What the entry held before must not survive a write that failed.
                redis.write(Debt::Space(space), put).await;
            }
        }
    }

    /// Invalidates one value.
    pub async fn remove(&self, space: &'static str, key: &str) {
        match &self.store {
            Store::Local(local) => local.remove(space, key),
            Store::Redis(redis, marks) => {
                marks.remove(space, key);
                let keys = keys(space, key);
                let remove = move |connection: Connection| async move {
                    let arguments: Vec<Value> =
                        vec![connection.nonce().into(), REMOVAL_MEMORY_MS.into()];
                    connection.client.eval(REMOVE, keys, arguments).await
                };
                redis.write(Debt::Space(space), remove).await;
            }
        }
    }

    /// Invalidates every value of a space, at the same cost however many there are.
    pub async fn remove_space(&self, space: &'static str) {
        match &self.store {
            Store::Local(local) => local.remove_space(space),
            Store::Redis(redis, marks) => {
                marks.remove_space(space);
                redis.invalidate(Debt::Space(space)).await;
            }
        }
    }

    /// Invalidates everything, as after a restored backup.
    pub async fn clear(&self) {
        match &self.store {
            Store::Local(local) => local.clear(),
            Store::Redis(redis, marks) => {
                marks.clear();
                redis.invalidate(Debt::Everything).await;
            }
        }
    }

    /// The cached value, or the one `load` gives, which is then kept for `ttl`.
    ///
    /// In a process one load per key runs at a time and its value goes to all who wait; when it fails or is
    /// dropped, the next of them loads. A caller never gets a value whose load began before an invalidation
    /// that had returned when it called; during an outage of Redis this holds for invalidations of this process.
    ///
    /// # Errors
    /// Those of `load`; never one of the cache.
    pub async fn get_or_load<T, E, F, R>(
        &self,
        space: &'static str,
        key: &str,
        ttl: Duration,
        load: F,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> R,
        R: Future<Output = Result<T, E>>,
    {
        let (json, seen) = self.read(space, key).await;
        if let Some(value) = decode(space, json.as_deref()) {
            return Ok(value);
        }
        let flight = InFlight::join(&self.flights, (space, key.to_owned(), seen.clone()));
        let mut slot = flight.slot.lock().await;
        if let Some(json) = slot.clone() {
            drop(slot);
            return match serde_json::from_slice(&json) {
                Ok(value) => Ok(value),
                // Somebody asks for the same key as another type.
                Err(_) => load().await,
            };
        }
        let begun = Instant::now();
        let value = load().await?;
        if let Some(json) = encode(space, &value) {
            *slot = Some(json.clone());
            drop(slot);
            if begun.elapsed() <= LONGEST_LOAD {
                self.store(space, key, json, ttl, seen).await;
            }
        }
        flight.leave();
        Ok(value)
    }

    async fn read(&self, space: &'static str, key: &str) -> (Option<Arc<[u8]>>, Seen) {
        match &self.store {
            Store::Local(local) => {
                let (json, mark) = local.read(space, key);
                (json, Seen::Here(mark))
            }
            Store::Redis(redis, marks) => {
                // Taken first: an invalidation during the call must show.
                let mark = marks.mark(space, key);
                match redis.call(|connection| fetch(connection, space, key)).await {
                    Ok((json, stamp, removal)) => (json, Seen::Redis { stamp, removal }),
                    Err(Away) => (None, Seen::Here(mark)),
                }
            }
        }
    }

    async fn store(
        &self,
        space: &'static str,
        key: &str,
        json: Arc<[u8]>,
        ttl: Duration,
        seen: Seen,
    ) {
        if ttl.as_millis() == 0 {
            return;
        }
        match (&self.store, seen) {
            (Store::Local(local), Seen::Here(mark)) => local.store(space, key, json, ttl, &mark),
            (Store::Redis(redis, _), Seen::Redis { stamp, removal }) => {
                let arguments: Vec<Value> = vec![
                    stamp.into(),
                    removal.into(),
                    milliseconds(ttl).into(),
                    json.as_ref().into(),
                ];
                let keys = keys(space, key);
                // Redis away: the entry had no valid value before, so nothing stale stays behind.
                let _ = redis
                    .call(|connection| async move {
                        connection.client.eval::<(), _, _, _>(STORE, keys, arguments).await
                    })
                    .await;
            }
            // Loaded during an outage: Redis may hold invalidations that this process has not seen.
            _ => {}
        }
    }
}

type Fetched = (Option<String>, Option<String>, Option<String>, Option<Vec<u8>>);

async fn fetch(
    connection: Connection,
    space: &'static str,
    key: &str,
) -> Result<(Option<Arc<[u8]>>, String, String), fred::error::Error> {
    let keys = keys(space, key);
    let mut answer: Fetched = connection.client.mget(keys.clone()).await?;
    if answer.0.is_none() || answer.1.is_none() {
        answer = connection.client.eval(BEGIN, keys, vec![connection.nonce()]).await?;
    }
    let (epoch, generation, removal, entry) = answer;
    let stamp = format!("{} {}", epoch.unwrap_or_default(), generation.unwrap_or_default());
    let json = entry
        .as_deref()
        .and_then(|entry| entry.strip_prefix(stamp.as_bytes())?.strip_prefix(b"\n"));
    Ok((json.map(Arc::from), stamp, removal.unwrap_or_default()))
}

fn keys(space: &'static str, key: &str) -> Vec<String> {
    vec![
        EPOCH_KEY.to_owned(),
        generation_key(space),
        format!("kamhub:gone:{space}:{key}"),
        format!("kamhub:value:{space}:{key}"),
    ]
}

fn milliseconds(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX / 2)
}

fn decode<T: DeserializeOwned>(space: &'static str, json: Option<&[u8]>) -> Option<T> {
    let value = json.and_then(|json| serde_json::from_slice(json).ok());
    let result = if value.is_some() { "hit" } else { "miss" };
    metrics::counter!("kamhub_cache_requests_total", "space" => space, "result" => result)
        .increment(1);
    value
}

fn encode<T: Serialize>(space: &'static str, value: &T) -> Option<Arc<[u8]>> {
    match serde_json::to_vec(value) {
        Ok(json) => Some(json.into()),
        Err(error) => {
            tracing::error!(space, %error, "a value cannot be cached: it has no JSON form");
            None
        }
    }
}
