//! `DELETE /api/support/faqs/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, IfMatch, PathId};

use crate::app::App;
use crate::faq::service;
use crate::identity::http::caller::Caller;
use crate::ids::FaqId;

/// Delete a question
///
/// It stays in the database, and nobody finds it any more.
#[utoipa::path(
    delete, path = "/api/support/faqs/{id}", operation_id = "faq_delete", tag = "knowledge",
    params(
        ("id" = FaqId, Path, description = "The question"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    responses((status = 204, description = "It is gone")),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<FaqId>,
    IfMatch(seen): IfMatch,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    service::delete(&mut tx, &app.cache, &*app.clock, &actor, id, seen).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
