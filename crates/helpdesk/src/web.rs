//! The HTTP service: every route behind authorisation, limits, security headers and the request
//! log.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use kamhub_httpkit::Problem;
use kamhub_httpkit::request::{self, RequestLimits};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::{App, Settings};
use crate::help_centre::http::{error_page, visit};
use crate::identity::http::authorise;
use crate::notifications::bus;
use crate::{openapi, routes};

/// The largest body of a request, in bytes (1 MiB).
pub const MAX_BODY: usize = 1024 * 1024;

/// Puts the service together.
pub fn router(app: &App) -> Router {
    let (api, document) = routes::all().split_for_parts();
    let document = openapi::finish(document);
    let rules = authorise::Rules::of(&document);
    let limits = RequestLimits {
        clock: Arc::clone(&app.clock),
        timeout: app.settings.request_timeout,
        uploads: routes::UPLOADS,
        upload_timeout: app.settings.upload_timeout,
        slots: Arc::new(Semaphore::new(app.settings.max_concurrent_requests)),
    };
    let router = api
        .merge(openapi::pages(document))
        .fallback(async || Problem::not_found("This address"))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(
            authorise::Gate { app: app.clone(), rules: Arc::new(rules) },
            authorise::gate,
        ))
        .merge(routes::pages().layer(middleware::from_fn_with_state(app.clone(), visit::enter)))
        .layer(middleware::from_fn_with_state(app.clone(), wake_the_bus))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(|_| Problem::internal("a handler panicked").into_response()))
        .layer(middleware::from_fn_with_state(limits, request::track))
        .layer(middleware::from_fn_with_state(app.clone(), error_page::dress))
        .layer(CompressionLayer::new().compress_when(compressible()));
    security_headers(router, &app.settings).with_state(app.clone())
}

/// What grows smaller: fonts and most pictures are compressed already.
fn compressible() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("font/"))
}

/// What a call has changed may be an event: those who listen need not wait for their next look.
async fn wake_the_bus(State(app): State<App>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let response = next.run(request).await;
    if !reads && response.status().as_u16() < 400 {
        app.wake.publish(bus::run::TOPIC);
    }
    response
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
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
