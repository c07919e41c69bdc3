//! `DELETE /api/support/knowledge-base/articles/{id}/attachments/{attachmentId}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult};

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::AttachmentId;
use crate::knowledge::http::input::{ArticlePath, FilePath};
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::files;

/// Take a file from an article
///
/// Nobody reads it any more, also where a text still shows it. From a published article by those who
/// have `knowledge:publish`.
#[utoipa::path(
    delete, path = "/api/support/knowledge-base/articles/{id}/attachments/{attachmentId}",
    operation_id = "article_attachment_remove", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        ("attachmentId" = AttachmentId, Path, description = "The file"),
    ),
    responses((status = 204, description = "It is gone")),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    FilePath(file): FilePath,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    files::remove(&mut tx, Hand::of(&actor, &*app.clock), &address, file).await?;
    tx.commit().await?;
    Ok(Answer::no_content())
}
