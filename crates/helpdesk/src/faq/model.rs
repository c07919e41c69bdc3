//! Questions: types and rules, no I/O.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::PageRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::FaqId;
use crate::language::Language;

/// The priority of a question that was given none; the middle of 1 to 100.
pub const USUAL_PRIORITY: i32 = 50;

/// A question as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Faq {
    /// The id.
    pub id: FaqId,
    /// The question, 5 to 500 characters.
    pub question: String,
    /// The answer in Markdown, 10 to 5,000 characters.
    pub answer: String,
    /// The name of a category.
    pub category: String,
    /// 1 to 100; the greatest is shown first.
    pub priority: i32,
    /// The language.
    pub language: Language,
    /// Visitors, each once a day.
    pub views: i64,
    /// Counts every change.
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What people say of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Wording {
    /// The question.
    pub question: String,
    /// The answer in Markdown.
    pub answer: String,
    /// The name of a category.
    pub category: String,
    /// 1 to 100.
    pub priority: i32,
    /// The language.
    pub language: Language,
}

impl Faq {
    /// What people say of it.
    pub fn wording(&self) -> Wording {
        Wording {
            question: self.question.clone(),
            answer: self.answer.clone(),
            category: self.category.clone(),
            priority: self.priority,
            language: self.language,
        }
    }

    /// The question on the wire, with its answer as safe HTML.
    pub fn view(self, answer_html: String) -> FaqView {
        FaqView {
            id: self.id,
            question: self.question,
            answer: self.answer,
            answer_html,
            category: self.category,
            priority: self.priority,
            language: self.language,
            views: self.views,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// A question on the wire.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FaqView {
    /// The id.
    pub id: FaqId,
    /// The question.
    #[schema(examples("Когда придёт возврат?"))]
    pub question: String,
    /// The answer in Markdown.
    #[schema(examples("На карту — за 5–10 рабочих дней."))]
    pub answer: String,
    /// The same as HTML that is safe to show.
    #[schema(examples("<p>На карту — за 5–10 рабочих дней.</p>"))]
    pub answer_html: String,
    /// The name of its category.
    #[schema(examples("Отмена и возврат"))]
    pub category: String,
    /// 1 to 100; the greatest is shown first.
    #[schema(examples(90))]
    pub priority: i32,
    /// The language.
    pub language: Language,
    /// Visitors, each once a day.
    #[schema(examples(41))]
    pub views: i64,
    /// Grows with each change; also in the ETag.
    #[schema(examples(1))]
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Which questions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// In this category.
    pub category: Option<String>,
    /// In this language.
    pub language: Option<Language>,
}

/// The sort key of a row, inside a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// The priority.
    pub priority: i32,
    /// The views.
    pub views: i64,
    /// The question.
    pub faq: i64,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest {
    /// Which questions.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest<SortKey>,
}
