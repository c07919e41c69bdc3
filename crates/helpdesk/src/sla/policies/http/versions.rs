//! `GET /api/support/sla/policies/{id}/versions`.

use axum::extract::State;
use kamhub_httpkit::listing::{ListQuery, page_of};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, PathId, ValidQuery};

use crate::app::App;
use crate::ids::PolicyId;
use crate::sla::policies::service;
use crate::sla::policies::view::PolicyVersionView;

/// List the versions of an SLA policy
///
/// Newest first: what it promised, from when on, and who wrote it. Those of a deleted policy too.
#[utoipa::path(
    get, path = "/api/support/sla/policies/{id}/versions", operation_id = "sla_policy_versions",
    tag = "sla",
    params(("id" = PolicyId, Path, description = "The policy"), ListQuery),
    responses((status = 200, description = "A page of versions",
        body = ListEnvelope<PolicyVersionView>)),
)]
pub async fn handler(
    State(app): State<App>,
    PathId(id): PathId<PolicyId>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let (request, page) = page_of(&query)?;
    let mut connection = app.db.connection().await?;
    let versions = service::versions(&mut connection, id, &request).await?;
    Ok(Answer::list(versions, page, request.limit))
}
