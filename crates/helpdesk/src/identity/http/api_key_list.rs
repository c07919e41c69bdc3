//! `GET /api/support/api-keys`: which programs can call?

use axum::extract::State;
use kamhub_httpkit::listing::{ListQuery, page_of};
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, ValidQuery};

use crate::app::App;
use crate::identity::model::ApiKey;
use crate::identity::service;

/// List API keys
///
/// In the order in which they were made, revoked ones too. Secrets are not known any more.
#[utoipa::path(
    get, path = "/api/support/api-keys", operation_id = "api_key_list", tag = "identity",
    params(ListQuery),
    responses((status = 200, description = "A page of API keys", body = ListEnvelope<ApiKey>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let (request, page) = page_of(&query)?;
    let mut connection = app.db.connection().await?;
    let keys = service::api_key_list(&mut connection, &request).await?;
    Ok(Answer::list(keys, page, request.limit))
}
