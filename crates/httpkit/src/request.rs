//! Around every request: its id, trace, time limit, place in the queue, metrics, and the one line
//! that the log keeps of it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use kamhub_kernel::Clock;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// The shortest secret that an address of ours holds, in bytes.
const LEAST_SECRET: usize = 64;

tokio::task_local! {
    static CURRENT: Arc<Current>;
}

/// What is known of the request under way.
#[derive(Debug)]
struct Current {
    id: String,
    actor: OnceLock<String>,
    queries: AtomicU32,
    database_micros: AtomicU64,
}

/// The limits of this process.
#[derive(Clone)]
pub struct RequestLimits {
    /// Where request ids come from.
    pub clock: Arc<dyn Clock>,
    /// How long a request may take.
    pub timeout: Duration,
    /// The routes whose POST takes in files.
    pub uploads: &'static [&'static str],
    /// How long those may take.
    pub upload_timeout: Duration,
    /// How many requests may be under way at once.
    pub slots: Arc<Semaphore>,
}

/// The id of the request under way; empty outside of one.
pub fn current_id() -> String {
    CURRENT.try_with(|current| current.id.clone()).unwrap_or_default()
}

/// Notes who makes the request under way, for its line in the log.
pub fn set_actor(label: String) {
    let _ = CURRENT.try_with(|current| current.actor.set(label));
}

/// Adds a statement to the request under way.
pub(crate) fn count_query(elapsed: Duration) {
    metrics::histogram!("kamhub_db_query_duration_seconds").record(elapsed.as_secs_f64());
    let _ = CURRENT.try_with(|current| {
        current.queries.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        current.database_micros.fetch_add(micros, Ordering::Relaxed);
    });
}

/// The middleware.
pub async fn track(State(limits): State<RequestLimits>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = given_id(request.headers()).unwrap_or_else(|| random_hex::<16>(&*limits.clock));
    let trace = trace_id(request.headers()).unwrap_or_else(|| random_hex::<16>(&*limits.clock));
    let method = request.method().clone();
    let path = without_secrets(request.uri().path());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |matched| matched.as_str().to_owned());
    let current = Arc::new(Current {
        id: id.clone(),
        actor: OnceLock::new(),
        queries: AtomicU32::new(0),
        database_micros: AtomicU64::new(0),
    });
    let timeout = match method == Method::POST && limits.uploads.contains(&route.as_str()) {
        true => limits.upload_timeout,
        false => limits.timeout,
    };
    let answer = run(&limits.slots, timeout, request, next);
    let mut response = CURRENT.scope(Arc::clone(&current), answer).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    metrics::histogram!(
        "kamhub_http_request_duration_seconds",
        "method" => method.as_str().to_owned(),
        "route" => route.clone(),
        "status" => status.to_string()
    )
    .record(elapsed.as_secs_f64());
    let milliseconds = |micros: u128| (micros as f64) / 1000.0;
    tracing::info!(
        target: "kamhub::request",
        request_id = id,
        trace_id = trace,
        method = %method,
        path,
        route,
        status,
        ms = milliseconds(elapsed.as_micros()),
        actor = current.actor.get().map_or("-", String::as_str),
        queries = current.queries.load(Ordering::Relaxed),
        db_ms = milliseconds(current.database_micros.load(Ordering::Relaxed).into()),
        "request"
    );
    response
}

/// A part of a path that is as long as a signed link's secret is not written down.
fn without_secrets(path: &str) -> String {
    let harmless = |part: &str| part.len() < LEAST_SECRET;
    let parts = path.split('/').map(|part| if harmless(part) { part } else { "…" });
    parts.collect::<Vec<_>>().join("/")
}

async fn run(slots: &Semaphore, timeout: Duration, request: Request, next: Next) -> Response {
    // Probes and metrics are answered even when the house is full: that is when they matter.
    let path = request.uri().path();
    let probe = path.starts_with("/health") || path == "/metrics" || path == "/api/health";
    let _slot = match slots.try_acquire() {
        Ok(slot) => Some(slot),
        Err(_) if probe => None,
        Err(_) => {
            return Problem::unavailable(
                "OVERLOADED",
                "Too many requests are under way; try again after the time in Retry-After",
                Duration::from_secs(1),
            )
            .into_response();
        }
    };
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable(
            "TIMEOUT",
            "The request took too long and was given up; nothing of it was stored",
            Duration::from_secs(1),
        )
        .into_response(),
    }
}

/// The caller's own id, where it is short and harmless.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (!id.is_empty() && id.len() <= 128 && id.bytes().all(harmless)).then(|| id.to_owned())
}

/// The trace id of a `traceparent` header (W3C Trace Context, section 3.2).
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let sound = version.len() == 2
        && version != "ff"
        && trace.len() == 32
        && trace.bytes().all(hex)
        && trace.bytes().any(|byte| byte != b'0');
    sound.then(|| trace.to_owned())
}

fn random_hex<const BYTES: usize>(clock: &dyn Clock) -> String {
    let mut bytes = [0_u8; BYTES];
    clock.fill_random(&mut bytes);
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_no_secret_of_an_address() {
        let secret = "a".repeat(LEAST_SECRET);
        assert_eq!(without_secrets(&format!("/en/t/{secret}/reply")), "/en/t/…/reply");
        assert_eq!(without_secrets("/api/support/tickets/17"), "/api/support/tickets/17");
    }
}
