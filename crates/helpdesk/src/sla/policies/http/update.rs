//! `PATCH` and `PUT /api/support/sla/policies/{id}`: both change the given fields only.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, PathId, Unchecked};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::PolicyId;
use crate::sla::policies::http::valid;
use crate::sla::policies::input::{PolicyChange, PolicyInput};
use crate::sla::policies::service;
use crate::sla::policies::view::PolicyView;

/// Update an SLA policy
///
/// Changes the given fields and makes a new version: new tickets count by it, running clocks stay with
/// theirs until a re-evaluation. Deactivating ends its running clocks. With If-Match (or `version`) a
/// stale update gets 409 and the current policy.
#[utoipa::path(
    patch, path = "/api/support/sla/policies/{id}", operation_id = "sla_policy_update", tag = "sla",
    params(
        ("id" = PolicyId, Path, description = "The policy"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = PolicyInput,
        example = json!({"firstResponseMinutes": 15, "nextResponseTime": null})),
    responses((status = 200, description = "The policy as it is now", body = Envelope<PolicyView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<PolicyId>,
    IfMatch(seen): IfMatch,
    body: Unchecked<PolicyChange>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let change = valid(&mut tx, Some(id), body, |body| &body.0).await?.0;
    let seen = IfMatch(seen).or_version(change.version)?;
    let policy =
        service::update(&mut tx, &*app.clock, &actor, id, seen, |draft| change.over(draft)).await?;
    tx.commit().await?;
    let version = policy.version;
    Ok(Answer::ok(policy).version(version))
}

/// Replace an SLA policy
///
/// The same as PATCH: what is not given stays.
#[utoipa::path(
    put, path = "/api/support/sla/policies/{id}", operation_id = "sla_policy_replace", tag = "sla",
    params(
        ("id" = PolicyId, Path, description = "The policy"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = PolicyInput,
        example = json!({"name": "Urgent billing", "firstResponseTime": 2, "resolutionTime": 12})),
    responses((status = 200, description = "The policy as it is now", body = Envelope<PolicyView>)),
)]
pub async fn put(
    state: State<App>,
    caller: Caller,
    id: PathId<PolicyId>,
    seen: IfMatch,
    body: Unchecked<PolicyChange>,
) -> ApiResult<Answer> {
    handler(state, caller, id, seen, body).await
}
