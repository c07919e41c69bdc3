//! `GET /api/support/sla/policies`.

use axum::extract::State;
use kamhub_httpkit::listing::{ListQuery, page_of};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, ValidQuery};

use crate::app::App;
use crate::sla::policies::service;
use crate::sla::policies::view::PolicyView;

/// List SLA policies
///
/// In the order in which they were made, inactive ones too. The built-in default is one of them.
#[utoipa::path(
    get, path = "/api/support/sla/policies", operation_id = "sla_policy_list", tag = "sla",
    params(ListQuery),
    responses((status = 200, description = "A page of policies", body = ListEnvelope<PolicyView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let (request, page) = page_of(&query)?;
    let mut connection = app.db.connection().await?;
    let policies = service::list(&mut connection, &request).await?;
    Ok(Answer::list(policies, page, request.limit))
}
