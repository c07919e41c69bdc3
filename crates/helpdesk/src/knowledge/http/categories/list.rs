//! `GET /api/support/knowledge-base/categories`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope};

use crate::app::App;
use crate::knowledge::service::categories::{self, KnowledgeCategory};

/// List categories
///
/// In their order, with the published articles of each.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/categories",
    operation_id = "knowledge_category_list", tag = "knowledge",
    responses((status = 200, description = "The categories", body = Envelope<Vec<KnowledgeCategory>>)),
)]
pub async fn handler(State(app): State<App>) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    Ok(Answer::ok(categories::list(&mut connection).await?))
}
