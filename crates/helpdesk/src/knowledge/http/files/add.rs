//! `POST /api/support/knowledge-base/articles/{id}/attachments`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::http::input::ArticlePath;
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::files;
use crate::knowledge::view::ArticleFile;

/// The file that an article gets.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AddArticleFile {
    /// The upload's id, 1 to 100 characters.
    #[garde(custom(text(1, 100)))]
    #[schema(required = true, min_length = 1, max_length = 100, examples("9f0d5e0c…"))]
    upload_id: String,
}

/// Give an article a file
///
/// One that was uploaded before with `POST /api/support/attachments`; at most 50. Everybody may read it
/// while the article is published in any language, so whoever adds to a published one needs
/// `knowledge:publish`. An image stands in the text by its `url`: `![Map](/api/support/attachments/17)`.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/articles/{id}/attachments",
    operation_id = "article_attachment_add", tag = "knowledge",
    params(("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet")),
    request_body(content = AddArticleFile, example = json!({"uploadId": "9f0d5e0c…"})),
    responses((status = 201, description = "The file", body = Envelope<ArticleFile>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    body: Valid<AddArticleFile>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let file = files::add(&mut tx, hand, &address, &body.value.upload_id).await?;
    tx.commit().await?;
    let path = file.url.clone();
    Ok(Answer::created(file).location(path))
}
