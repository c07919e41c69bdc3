//! Who makes the call, for handlers.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
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

/// The caller's network address; behind a proxy of one's own, the last one that it added.
pub fn network_address(request: &Request, behind_proxy: bool) -> String {
    let direct = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let direct = direct.map_or_else(|| "unknown".to_owned(), |info| info.0.ip().to_string());
    if behind_proxy { forwarded_for(request.headers()).unwrap_or(direct) } else { direct }
}

fn forwarded_for(headers: &HeaderMap) -> Option<String> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let address = last.rsplit(',').next()?.trim();
    address.parse::<std::net::IpAddr>().ok().map(|address| address.to_string())
}
