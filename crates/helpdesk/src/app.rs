//! What every handler and every job has at hand, and the HTTP service made of it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use kamhub_cache::{Cache, RateLimiter};
use kamhub_httpkit::Problem;
use kamhub_httpkit::request::{self, RequestLimits};
use kamhub_jobs::Queue;
use kamhub_kernel::clock::SharedClock;
use kamhub_postgres::Db;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::identity::http::authorise;
use crate::identity::keys::Keys;
use crate::operations::Lifecycle;
use crate::routes;

/// The largest body of a request, in bytes (1 MiB).
pub const MAX_BODY: usize = 1024 * 1024;

/// The product's settings, as far as they change what it does.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which people reach the product, without a trailing slash.
    pub public_url: String,
    /// Whether `X-Forwarded-For` is believed: only behind a proxy of one's own.
    pub behind_proxy: bool,
    /// Origins of other web pages that may call the API from a browser; none by default.
    pub cors_origins: Vec<String>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How many requests may be under way at once.
    pub max_concurrent_requests: usize,
    /// Tickets that one address may create without credentials, per minute.
    pub anonymous_tickets_per_minute: u32,
    /// Attempts to sign in, per address and per account, per minute.
    pub sign_ins_per_minute: u32,
    /// Business days after closing in which a customer's message reopens the ticket.
    pub reopen_window_days: u32,
    /// How long an agent may be away before work that was not started goes back to the queue.
    pub away_grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".to_owned(),
            behind_proxy: false,
            cors_origins: Vec::new(),
            request_timeout: Duration::from_secs(30),
            max_concurrent_requests: 512,
            anonymous_tickets_per_minute: 30,
            sign_ins_per_minute: 10,
            reopen_window_days: 5,
            away_grace: Duration::from_secs(15 * 60),
        }
    }
}

/// Everything at hand; [`App`] shares it.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Time and randomness.
    pub clock: SharedClock,
    /// The cache, shared between replicas where Redis is configured.
    pub cache: Cache,
    /// How often somebody may do something.
    pub limiter: RateLimiter,
    /// Durable jobs.
    pub queue: Queue,
    /// The secrets by which tokens and links are signed.
    pub keys: Keys,
    /// The settings.
    pub settings: Settings,
    /// Since when the process lives, and whether it is about to end.
    pub lifecycle: Lifecycle,
    /// Writes the metrics in Prometheus' text format.
    pub render_metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// The application, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The HTTP service: every route behind authorisation, limits, and the request log.
    pub fn router(&self) -> Router {
        let (api, document) = routes::all().split_for_parts();
        let document = crate::openapi::finish(document);
        let rules = authorise::Rules::of(&document);
        let limits = RequestLimits {
            clock: Arc::clone(&self.clock),
            timeout: self.settings.request_timeout,
            slots: Arc::new(Semaphore::new(self.settings.max_concurrent_requests)),
        };
        let router = api
            .merge(crate::openapi::pages(document))
            .fallback(async || Problem::not_found("This address"))
            .method_not_allowed_fallback(method_not_allowed)
            .layer(middleware::from_fn_with_state(
                authorise::Gate { app: self.clone(), rules: Arc::new(rules) },
                authorise::gate,
            ))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(CatchPanicLayer::custom(|_| {
                axum::response::IntoResponse::into_response(Problem::internal("a handler panicked"))
            }))
            .layer(middleware::from_fn_with_state(limits, request::track))
            .layer(CompressionLayer::new());
        security_headers(router, &self.settings).with_state(self.clone())
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "This address does not answer that method",
    )
}

/// Headers that keep browsers from doing more than they should, on every answer; CORS only for
/// the configured origins.
fn security_headers(router: Router<App>, settings: &Settings) -> Router<App> {
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ),
    ];
    let mut router = fixed.into_iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)))
    });
    if settings.public_url.starts_with("https://") {
        router = router.layer(SetResponseHeaderLayer::if_not_present(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        ));
    }
    let origins: Vec<HeaderValue> =
        settings.cors_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return router;
    }
    router.layer(
        tower_http::cors::CorsLayer::new()
            .allow_origin(origins)
            .allow_methods(tower_http::cors::AllowMethods::mirror_request())
            .allow_headers(tower_http::cors::AllowHeaders::mirror_request())
            .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER])
            .max_age(Duration::from_secs(600)),
    )
}
