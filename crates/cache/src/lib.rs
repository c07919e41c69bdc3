//! Shared cache, rate limits and wake-ups: on Redis when the operator gives one, in this process otherwise.
//!
//! Callers see the same three types either way ([`Cache`], [`RateLimiter`], [`Wake`]) and never an error: the
//! database is the truth, and everything here may vanish at any moment. What is still promised when Redis
//! fails is written at [`Cache`], [`RateLimiter`] and [`Wake`], and the reasons in
//! `docs/adr/0005-cache-and-redis.md`.

mod cache;
mod flight;
mod limiter;
mod local;
mod redis;
mod stream;
mod wake;

pub use cache::{Cache, Health};
pub use limiter::{Limited, RateLimiter, RateRule};
pub use redis::BadRedisUrl;
pub use stream::{NotAdded, Stream};
pub use wake::{Signal, Wake};
