//! `DELETE /api/support/knowledge-base/categories/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, IfMatch, PathId};

use crate::app::App;
use crate::ids::KnowledgeCategoryId;
use crate::knowledge::service::categories;

/// Delete a category
///
/// One that nothing is in.
#[utoipa::path(
    delete, path = "/api/support/knowledge-base/categories/{id}",
    operation_id = "knowledge_category_delete", tag = "knowledge",
    params(
        ("id" = KnowledgeCategoryId, Path, description = "The category"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 204, description = "It is gone")),
)]
pub async fn handler(
    State(app): State<App>,
    PathId(id): PathId<KnowledgeCategoryId>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    categories::delete(&mut tx, id, seen).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
