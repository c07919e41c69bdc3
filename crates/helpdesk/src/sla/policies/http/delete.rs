//! `DELETE /api/support/sla/policies/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, IfMatch, PathId};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::PolicyId;
use crate::sla::policies::service;

/// Delete an SLA policy
///
/// Deactivates and hides it: running clocks end, everything that was counted by it stays, and so do its
/// versions. The built-in default cannot be deleted.
#[utoipa::path(
    delete, path = "/api/support/sla/policies/{id}", operation_id = "sla_policy_delete", tag = "sla",
    params(
        ("id" = PolicyId, Path, description = "The policy"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is the built-in default, or it has changed since",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<PolicyId>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    service::delete(&mut tx, &*app.clock, &actor, id, seen).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
