//! `PATCH /api/support/faqs/{id}`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, PathId, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::faq::model::{FaqView, Wording};
use crate::faq::service;
use crate::identity::http::caller::Caller;
use crate::ids::FaqId;
use crate::language::Language;

/// What is to change; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateFaq {
    /// The question, 5 to 500 characters.
    #[garde(inner(custom(text(5, 500))))]
    #[schema(min_length = 5, max_length = 500, examples("Когда придёт возврат на карту?"))]
    question: Option<String>,
    /// The answer in Markdown, 10 to 5,000 characters.
    #[garde(inner(custom(text(10, 5000))))]
    #[schema(min_length = 10, max_length = 5000, examples("За 5–10 рабочих дней."))]
    answer: Option<String>,
    /// The name of a category, 1 to 100 characters.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Отмена и возврат"))]
    category: Option<String>,
    /// 1 to 100, the greatest shown first.
    #[garde(inner(custom(between(1, 100))))]
    #[schema(minimum = 1, maximum = 100, examples(100))]
    priority: Option<i32>,
    /// The language.
    #[garde(skip)]
    language: Option<Language>,
    /// The version that was read, for callers who cannot send If-Match.
    #[garde(skip)]
    #[schema(examples(1))]
    version: Option<i32>,
}

impl UpdateFaq {
    fn apply(self, to: Wording) -> Wording {
        Wording {
            question: self.question.unwrap_or(to.question),
            answer: self.answer.unwrap_or(to.answer),
            category: self.category.unwrap_or(to.category),
            priority: self.priority.unwrap_or(to.priority),
            language: self.language.unwrap_or(to.language),
        }
    }
}

/// Change a question
///
/// The given fields only. With If-Match (or `version`) a stale change gets 409 and the current
/// question.
#[utoipa::path(
    patch, path = "/api/support/faqs/{id}", operation_id = "faq_update", tag = "knowledge",
    params(
        ("id" = FaqId, Path, description = "The question"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateFaq, example = json!({"priority": 100})),
    responses((status = 200, description = "The question as it is now", body = Envelope<FaqView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<FaqId>,
    IfMatch(seen): IfMatch,
    body: Valid<UpdateFaq>,
) -> ApiResult<Answer> {
    let seen = IfMatch(seen).or_version(body.value.version)?;
    let change = |wording| body.value.apply(wording);
    let mut tx = app.db.begin().await?;
    let faq = service::update(&mut tx, &app.cache, &*app.clock, &actor, id, seen, change).await?;
    tx.commit().await?;
    let version = faq.version;
    Ok(Answer::ok(faq).version(version))
}
