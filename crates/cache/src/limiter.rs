//! Rate limits: the generic cell rate algorithm (GCRA), over all replicas when there is a Redis.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fred::{interfaces::LuaInterface, types::Value};
use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use crate::{
    cache::Cache,
    local::lock,
    redis::{Away, Redis},
};

/// Keys that one rule keeps in this process at most.
const MAX_KEYS: usize = 100_000;
/// Idle keys are looked for at the earliest after this many checks.
const MIN_CHECKS: usize = 1_024;

/// GCRA in microseconds of the server's clock. ARGV: interval between two, whole period. Returns how long to wait.
const GCRA: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local arrival = math.max(tonumber(redis.call('GET', KEYS[1])) or now, now) + tonumber(ARGV[1])
local wait = arrival - tonumber(ARGV[2]) - now
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
return 0";

/// How often something may happen per key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateRule {
    /// The rule's name in keys and metrics; one name, one pair of numbers.
    pub name: &'static str,
    /// How many may come at once from a key that was quiet; 0 allows none.
    pub burst: u32,
    /// The time in which `burst` grows back, evenly; zero means no limit.
    pub per: Duration,
}

impl RateRule {
    /// A rule that allows everything.
    pub const fn unlimited(name: &'static str) -> Self {
        Self { name, burst: u32::MAX, per: Duration::ZERO }
    }
}

/// The answer to one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests, try again in {} s", retry_after.as_secs() + 1)]
pub struct Limited {
    /// The time until the next is allowed, if no other comes before.
    pub retry_after: Duration,
}

/// Counts by rule and key. Clones share their counts.
///
/// With Redis all replicas share one budget, measured by the server's clock, in one atomic round trip. While Redis
/// is away each process gives the whole budget by itself. Memory is bounded: idle keys are shed, and a rule with
/// more than 100,000 busy keys in one process forgets them and starts anew.
#[derive(Clone)]
pub struct RateLimiter {
    redis: Option<Redis>,
    local: Arc<Mutex<HashMap<RateRule, Arc<Rule>>>>,
}

/// One rule's keys in this process.
struct Rule {
    keys: DefaultKeyedRateLimiter<String>,
    checks: AtomicUsize,
}

impl RateLimiter {
    /// A limiter on the same Redis as `cache`, or in this process like it.
    pub fn new(cache: &Cache) -> Self {
        Self { redis: cache.connection(), local: Arc::default() }
    }

    /// Takes one from the budget of `key` under `rule`. Keys should be short: an address, an id, a hash.
    ///
    /// # Errors
    /// [`Limited`] when the budget is used up; nothing is taken then.
    pub async fn check(&self, rule: &RateRule, key: &str) -> Result<(), Limited> {
        if rule.per.is_zero() {
            return Ok(());
        }
        let Some(burst) = NonZeroU32::new(rule.burst) else {
            return Err(Limited { retry_after: rule.per });
        };
        let wait = match self.wait_in_redis(rule, burst, key).await {
            Ok(wait) => wait,
            Err(Away) => self.wait_here(rule, burst, key),
        };
        match wait {
            None => Ok(()),
            Some(retry_after) => {
                metrics::counter!("kamhub_rate_limited_total", "rule" => rule.name).increment(1);
                Err(Limited { retry_after })
            }
        }
    }

    async fn wait_in_redis(
        &self,
        rule: &RateRule,
        burst: NonZeroU32,
        key: &str,
    ) -> Result<Option<Duration>, Away> {
        let redis = self.redis.as_ref().ok_or(Away)?;
        let period = rule.per.as_secs_f64() * 1_000_000.0;
        let interval = period / f64::from(burst.get());
        let arguments: Vec<Value> = vec![interval.to_string().into(), period.to_string().into()];
        let name = format!("kamhub:rate:{}:{key}", rule.name);
        let wait: i64 =
            redis
                .call(|connection| async move {
                    connection.client.eval(GCRA, vec![name], arguments).await
                })
                .await?;
        Ok(u64::try_from(wait).ok().filter(|wait| *wait > 0).map(Duration::from_micros))
    }

    fn wait_here(&self, rule: &RateRule, burst: NonZeroU32, key: &str) -> Option<Duration> {
        let interval = (rule.per / burst.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval)?.allow_burst(burst);
        let keys = {
            let mut rules = lock(&self.local);
            let keys = rules.entry(*rule).or_insert_with(|| Arc::new(Rule::new(quota)));
            if keys.is_full() {
                tracing::warn!(
                    rule = rule.name,
                    "too many callers for this rate limit: their counts start anew"
                );
                *keys = Arc::new(Rule::new(quota));
            }
            keys.clone()
        };
        let refused = keys.keys.check_key(&key.to_owned()).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()))
    }
}

impl Rule {
    fn new(quota: Quota) -> Self {
        Self { keys: DefaultKeyedRateLimiter::keyed(quota), checks: AtomicUsize::new(0) }
    }

    /// Sheds idle keys now and then, at a cost per check that does not grow with their number.
    fn is_full(&self) -> bool {
        let checks = self.checks.fetch_add(1, Ordering::Relaxed);
        if checks < MIN_CHECKS || checks < self.keys.len() {
            return false;
        }
        self.checks.store(0, Ordering::Relaxed);
        self.keys.retain_recent();
        self.keys.shrink_to_fit();
        self.keys.len() > MAX_KEYS
    }
}
