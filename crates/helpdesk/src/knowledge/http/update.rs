//! `PATCH /api/support/knowledge-base/articles/{id}`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, Valid, ValidQuery};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::{ArticlePath, LanguageQuery, nullable_time};
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::model::Update;
use crate::knowledge::service::change::Hand;
use crate::knowledge::service::{self, write};
use crate::knowledge::view::ArticleView;

/// What is to change; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateArticle {
    /// The title, 5 to 255 characters.
    #[garde(inner(custom(text(5, 255))))]
    #[schema(min_length = 5, max_length = 255, examples("Как вернуть билет и деньги?"))]
    title: Option<String>,
    /// The text in Markdown, 20 to 50,000 characters.
    #[garde(inner(custom(text(20, 50_000))))]
    #[schema(
        min_length = 20,
        max_length = 50_000,
        examples("Откройте бронь и нажмите «Вернуть».")
    )]
    content: Option<String>,
    /// The name of a category, 1 to 100 characters; for all languages.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Отмена и возврат"))]
    category: Option<String>,
    /// All tags: at most 50 of 1 to 50 characters; for all languages.
    #[serde(deserialize_with = "at_most_given::<50, _, _>")]
    #[garde(inner(inner(custom(text(1, 50)))))]
    #[schema(max_items = 50, examples(json!(["возврат"])))]
    tags: Option<Vec<String>>,
    /// The last part of its address; the one before leads to it for ever.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("kak-vernut-bilet"))]
    slug: Option<String>,
    /// Publishes it, or takes it from the public.
    #[garde(skip)]
    is_published: Option<bool>,
    /// When it is to be published; null takes that back.
    #[serde(deserialize_with = "nullable_time")]
    #[garde(skip)]
    #[schema(value_type = Option<DateTime<Utc>>)]
    publish_at: Option<Option<DateTime<Utc>>>,
    /// Keeps the text of a published article beside what the public reads, until it is published.
    #[garde(skip)]
    draft: bool,
    /// The version that was read, for callers who cannot send If-Match.
    #[garde(skip)]
    #[schema(examples(1))]
    version: Option<i32>,
}

impl UpdateArticle {
    /// The version that was read.
    pub fn seen(&self) -> Option<i32> {
        self.version
    }
}

impl From<UpdateArticle> for Update {
    fn from(body: UpdateArticle) -> Self {
        Self {
            title: body.title,
            content: body.content,
            category: body.category,
            tags: body.tags,
            slug: body.slug,
            is_published: body.is_published,
            publish_at: body.publish_at,
            draft: body.draft,
        }
    }
}

/// Change an article
///
/// The given fields only. What the public reads is changed by those who may publish; others save a
/// draft beside it (`draft: true`). With If-Match a stale change gets 409 and the current article.
#[utoipa::path(
    patch, path = "/api/support/knowledge-base/articles/{id}", operation_id = "article_update",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateArticle, example = json!({"title": "Как вернуть билет и деньги?", "draft": true})),
    responses((status = 200, description = "The article as it is now", body = Envelope<ArticleView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    ValidQuery(query): ValidQuery<LanguageQuery>,
    IfMatch(seen): IfMatch,
    body: Valid<UpdateArticle>,
) -> ApiResult<Answer> {
    let seen = IfMatch(seen).or_version(body.value.seen())?;
    let target = query.target(address, seen);
    let mut tx = app.db.begin().await?;
    let hand = Hand::of(&actor, &*app.clock);
    let article = write::update(&mut tx, hand, &target, body.value.into()).await?;
    let view = service::present(&mut tx, &app.cache, &article).await?;
    tx.commit().await?;
    Ok(Answer::ok(view).version(article.version))
}
