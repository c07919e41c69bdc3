//! `POST /api/support/knowledge-base`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::items::at_most;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IdempotencyKey, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::model::{Content, NewArticle};
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::{self, write};
use crate::knowledge::view::ArticleView;
use crate::language::Language;

/// A new article (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateArticle {
    /// The title, 5 to 255 characters.
    #[garde(custom(text(5, 255)))]
    #[schema(required = true, min_length = 5, max_length = 255, examples("Как вернуть билет?"))]
    title: String,
    /// The text in Markdown, 20 to 50,000 characters.
    #[garde(custom(text(20, 50_000)))]
    #[schema(
        required = true,
        min_length = 20,
        max_length = 50_000,
        examples("Откройте бронь и нажмите «Вернуть».")
    )]
    content: String,
    /// The name of a category, 1 to 100 characters; a new name makes a category.
    #[garde(custom(text(1, 100)))]
    #[schema(required = true, min_length = 1, max_length = 100, examples("Отмена и возврат"))]
    category: String,
    /// At most 50 tags of 1 to 50 characters.
    #[serde(deserialize_with = "at_most::<50, _, _>")]
    #[garde(inner(custom(text(1, 50))))]
    #[schema(max_items = 50, examples(json!(["возврат", "билет"])))]
    tags: Vec<String>,
    /// The language; Russian where none is given.
    #[garde(skip)]
    language: Option<Language>,
    /// The last part of its address; made of the title where none is given.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("kak-vernut-bilet"))]
    slug: Option<String>,
    /// Whether the public reads it at once; a draft where not. Asks for `knowledge:publish`.
    #[garde(skip)]
    is_published: bool,
    /// When it is to be published. Asks for `knowledge:publish`.
    #[serde(deserialize_with = "kamhub_httpkit::query::body_time")]
    #[garde(skip)]
    publish_at: Option<DateTime<Utc>>,
}

impl From<CreateArticle> for NewArticle {
    fn from(body: CreateArticle) -> Self {
        Self {
            translation_of: None,
            content: Content {
                title: body.title,
                content: body.content,
                category: body.category,
                tags: body.tags,
            },
            language: body.language.unwrap_or(Language::Ru),
            slug: body.slug,
            publish: body.is_published,
            publish_at: body.publish_at,
        }
    }
}

/// Write an article
///
/// A draft, unless it is published at once. The slug is made of the title in Latin letters and
/// stays when the title changes.
#[utoipa::path(
    post, path = "/api/support/knowledge-base", operation_id = "article_create", tag = "knowledge",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 characters; a repeated request with the same key is answered as the first time")),
    request_body(content = CreateArticle, example = json!({
        "title": "Как вернуть билет?", "content": "Откройте бронь и нажмите «Вернуть». Деньги придут за 5–10 рабочих дней.",
        "category": "Отмена и возврат", "tags": ["возврат", "билет"], "isPublished": true
    })),
    responses(
        (status = 201, description = "The new article", body = Envelope<ArticleView>),
        (status = 409, description = "Another article has the slug", body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    body: Valid<CreateArticle>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    if let Some(answer) = key.begin(&mut tx, app.clock.now(), &actor, &body.hash).await? {
        return Ok(answer);
    }
    let hand = Hand::of(&actor, &*app.clock);
    let article = write::create(&mut tx, hand, body.value.into()).await?;
    let view = service::present(&mut tx, &app.cache, &article).await?;
    let at = format!("/api/support/knowledge-base/articles/{}", view.id);
    let answer = Answer::created(view).version(article.version).location(at);
    key.finish(&mut tx, &actor, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}
