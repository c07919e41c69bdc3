//! `POST /api/support/faqs`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, IdempotencyKey, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::faq::model::{FaqView, USUAL_PRIORITY, Wording};
use crate::faq::service;
use crate::identity::http::caller::Caller;
use crate::language::Language;

/// A new question (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateFaq {
    /// The question, 5 to 500 characters.
    #[garde(custom(text(5, 500)))]
    #[schema(required = true, min_length = 5, max_length = 500, examples("Когда придёт возврат?"))]
    question: String,
    /// The answer in Markdown, 10 to 5,000 characters.
    #[garde(custom(text(10, 5000)))]
    #[schema(
        required = true,
        min_length = 10,
        max_length = 5000,
        examples("На карту — за 5–10 рабочих дней.")
    )]
    answer: String,
    /// The name of a category, 1 to 100 characters; a new name makes a category.
    #[garde(custom(text(1, 100)))]
    #[schema(required = true, min_length = 1, max_length = 100, examples("Отмена и возврат"))]
    category: String,
    /// 1 to 100, the greatest shown first; 50 where none is given.
    #[garde(inner(custom(between(1, 100))))]
    #[schema(minimum = 1, maximum = 100, examples(90))]
    priority: Option<i32>,
    /// The language; Russian where none is given.
    #[garde(skip)]
    language: Option<Language>,
}

impl From<CreateFaq> for Wording {
    fn from(body: CreateFaq) -> Self {
        Self {
            question: body.question,
            answer: body.answer,
            category: body.category,
            priority: body.priority.unwrap_or(USUAL_PRIORITY),
            language: body.language.unwrap_or(Language::Ru),
        }
    }
}

/// Write a question with its answer
///
/// The public reads it at once.
#[utoipa::path(
    post, path = "/api/support/faqs", operation_id = "faq_create", tag = "knowledge",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 characters; a repeated request with the same key is answered as the first time")),
    request_body(content = CreateFaq, example = json!({
        "question": "Когда придёт возврат?", "answer": "На карту — за 5–10 рабочих дней.",
        "category": "Отмена и возврат", "priority": 90
    })),
    responses((status = 201, description = "The new question", body = Envelope<FaqView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    body: Valid<CreateFaq>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    if let Some(answer) = key.begin(&mut tx, app.clock.now(), &actor, &body.hash).await? {
        return Ok(answer);
    }
    let faq = service::create(&mut tx, &app.cache, &*app.clock, &actor, body.value.into()).await?;
    let (id, version) = (faq.id, faq.version);
    let answer = Answer::created(faq).version(version).location(format!("/api/support/faqs/{id}"));
    key.finish(&mut tx, &actor, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}
