//! Who makes the call, for handlers.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kamhub_httpkit::Problem;
use kamhub_kernel::Actor;

/// The actor that the gate has found.
#[derive(Debug, Clone)]
pub struct Caller(pub Actor);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Actor>()
            .cloned()
            .map(Self)
            .ok_or_else(|| Problem::internal("a handler was reached around the gate"))
    }
}
