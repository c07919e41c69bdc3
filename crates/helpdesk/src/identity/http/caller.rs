//! Who makes the call, for handlers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use kamhub_httpkit::Problem;
use kamhub_kernel::{Actor, SessionId, UserId};

use crate::identity::service::Origin;

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

impl Caller {
    /// The signed-in person and the sign-in, for calls that only a person makes.
    ///
    /// # Errors
    /// 403 for everybody else.
    pub fn person(&self) -> Result<(UserId, SessionId), Problem> {
        match &self.0 {
            Actor::User { id, session, .. } => Ok((*id, *session)),
            _ => Err(Problem::forbidden("Only a signed-in person can do this")),
        }
    }
}

/// The network address that the call came from, as the gate has found it.
#[derive(Debug, Clone)]
pub struct ClientAddress(pub String);

/// Where a sign-in comes from.
#[derive(Debug, Clone)]
pub struct ComesFrom(pub Origin);

impl<S: Send + Sync> FromRequestParts<S> for ComesFrom {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>();
        let agent = parts.headers.get(header::USER_AGENT);
        Ok(Self(Origin {
            address: address.map_or_else(|| "unknown".to_owned(), |found| found.0.clone()),
            user_agent: agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()),
        }))
    }
}
