//! The gate: finds out who calls, and whether they may. It stands before every route; an operation
//! without a line in the table of [`crate::access`] is refused.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use kamhub_httpkit::{ApiResult, Problem, request};
use kamhub_kernel::Actor;
use utoipa::openapi::OpenApi;

use crate::access::{self, Access, Refusal};
use crate::app::App;
use crate::identity::http::caller::{ClientAddress, network_address};
use crate::identity::http::credentials::Credentials;
use crate::identity::http::identify::identify;
use crate::identity::http::{cookie, csrf};

/// What each route asks of its caller, by path template and method. An operation that the table
/// does not know has no access to give.
#[derive(Debug, Default)]
pub struct Rules(HashMap<String, HashMap<Method, Option<Access>>>);

impl Rules {
    /// Takes the operations of the document and looks each up in the table.
    pub fn of(document: &OpenApi) -> Self {
        let mut rules: HashMap<String, HashMap<Method, Option<Access>>> = HashMap::new();
        for (path, item) in &document.paths.paths {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    let access = operation.operation_id.as_deref().and_then(access::of);
                    rules.entry(path.clone()).or_default().insert(method, access);
                }
            }
        }
        Self(rules)
    }
}

/// What the gate needs.
#[derive(Clone)]
pub struct Gate {
    /// The application.
    pub app: App,
    /// The rules.
    pub rules: Arc<Rules>,
}

/// The middleware.
///
/// # Errors
/// 401 or 403 by the table; a database fault where credentials cannot be looked up.
pub async fn gate(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> ApiResult<Response> {
    let Some(route) =
        request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned())
    else {
        return Ok(next.run(request).await);
    };
    let method = match request.method() {
        &Method::HEAD => Method::GET,
        other => other.clone(),
    };
    let access = match gate.rules.0.get(&route) {
        None if route.starts_with("/api-docs") || route == "/asyncapi.json" => Access::Open,
        None => return Err(Problem::forbidden("This address is not open to anybody")),
        Some(methods) => match methods.get(&method) {
            // A method that the path does not answer: the router says so.
            None => return Ok(next.run(request).await),
            Some(None) => return Err(Problem::forbidden("This call is not open to anybody")),
            Some(Some(access)) => *access,
        },
    };
    let address = network_address(&request, gate.app.settings.behind_proxy);
    if access == Access::Open {
        request.extensions_mut().insert(Actor::Anonymous { address: address.clone() });
        request.extensions_mut().insert(ClientAddress(address));
        return Ok(next.run(request).await);
    }
    let query = request.uri().query().unwrap_or_default();
    let given = Credentials::of(request.headers(), query, cookie::name(&gate.app.settings))?;
    let actor = identify(&gate.app, &given, &address).await?;
    request::set_actor(actor.label());
    if let (Credentials::Cookie(secret), Actor::User { .. }) = (&given, &actor)
        && access != Access::SignIn
    {
        csrf::check(&gate.app, request.method(), request.headers(), secret)?;
    }
    access::check(access, &actor).map_err(|refusal| match refusal {
        Refusal::Unauthenticated => Problem::unauthenticated(
            "This call needs credentials: a Bearer token or an X-API-Key header",
        ),
        Refusal::Forbidden => {
            Problem::forbidden("Your role or key does not carry the right to this")
        }
    })?;
    request.extensions_mut().insert(actor);
    request.extensions_mut().insert(ClientAddress(address));
    Ok(next.run(request).await)
}
