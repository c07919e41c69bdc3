//! Articles on the wire; no I/O.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::markdown::{self, Heading};
use super::model::{Article, Choice, Translation, average_rating};
use crate::attachments::model::Attachment;
use crate::attachments::service::path;
use crate::ids::{AgentId, ArticleId, AttachmentId};
use crate::language::Language;

/// The text of an article as readers need it; what is cached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The text in Markdown.
    pub content: String,
    /// The same as safe HTML.
    pub html: String,
    /// Its headings.
    pub headings: Vec<Heading>,
    /// Its first words.
    pub excerpt: String,
    /// How long it takes to read.
    pub reading_minutes: i32,
}

/// An article.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleView {
    /// The id, the same in every language.
    pub id: ArticleId,
    /// The title.
    #[schema(examples("Как вернуть билет?"))]
    pub title: String,
    /// The last part of its address in this language.
    #[schema(examples("kak-vernut-bilet"))]
    pub slug: String,
    /// Its slug now, where it was asked for by one that it had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("kak-vernut-bilet"))]
    pub canonical_slug: Option<String>,
    /// The text in Markdown.
    #[schema(examples("Откройте бронь и нажмите «Вернуть»."))]
    pub content: String,
    /// The same as HTML that is safe to show.
    #[schema(examples("<p>Откройте бронь и нажмите «Вернуть».</p>"))]
    pub content_html: String,
    /// The headings of the text, for a table of contents.
    pub headings: Vec<Heading>,
    /// The first words of the text.
    #[schema(examples("Откройте бронь и нажмите «Вернуть»."))]
    pub excerpt: String,
    /// How long it takes to read, in minutes.
    #[schema(examples(2))]
    pub reading_minutes: i32,
    /// The name of its category.
    #[schema(examples("Отмена и возврат"))]
    pub category: String,
    /// Its tags.
    #[schema(examples(json!(["возврат", "билет"])))]
    pub tags: Vec<String>,
    /// The language of this answer.
    pub language: Language,
    /// Whether another language was wanted and is not there.
    pub is_fallback: bool,
    /// The languages that there are, the original first.
    pub translations: Vec<Translation>,
    /// Who wrote it.
    pub author_id: Option<AgentId>,
    /// Whether the public reads it.
    pub is_published: bool,
    /// Since when.
    pub published_at: Option<DateTime<Utc>>,
    /// When it will be published; for the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_at: Option<DateTime<Utc>>,
    /// The version that waits beside what the public reads; for the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples(json!(null)))]
    pub draft_version: Option<i32>,
    /// Its files, the same in every language; no part of its version.
    pub attachments: Vec<ArticleFile>,
    /// Visitors, each once a day, over all languages.
    #[schema(examples(128))]
    pub views: i64,
    /// Visitors who found it helpful.
    #[schema(examples(12))]
    pub helpful_votes: i32,
    /// Visitors who did not.
    #[schema(examples(1))]
    pub unhelpful_votes: i32,
    /// Grows with each change; also in the ETag.
    #[schema(examples(3))]
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl ArticleView {
    /// The article as a reader sees it; drafts and plans are for the staff.
    pub fn new(choice: Choice, body: Body, attachments: Vec<ArticleFile>, staff: bool) -> Self {
        let article = choice.article;
        Self {
            id: article.article_id,
            title: article.title,
            slug: article.slug,
            canonical_slug: None,
            content: body.content,
            content_html: body.html,
            headings: body.headings,
            excerpt: body.excerpt,
            reading_minutes: body.reading_minutes,
            category: article.category,
            tags: article.tags,
            language: article.language,
            is_fallback: choice.is_fallback,
            translations: choice.translations,
            author_id: article.author_id,
            is_published: article.is_published,
            published_at: article.published_at,
            publish_at: article.publish_at.filter(|_| staff),
            draft_version: article.draft_version.filter(|_| staff),
            attachments,
            views: article.views,
            helpful_votes: article.helpful_votes,
            unhelpful_votes: article.unhelpful_votes,
            version: article.version,
            created_at: article.created_at,
            updated_at: article.updated_at,
        }
    }
}

/// A file of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleFile {
    /// The id.
    pub id: AttachmentId,
    /// What it is called.
    #[schema(examples("karta-doliny.png"))]
    pub file_name: String,
    /// Where it is read, below the address of the product; an image may stand in the text by it.
    #[schema(examples("/api/support/attachments/17"))]
    pub url: String,
    /// What it is.
    #[schema(examples("image/png"))]
    pub media_type: String,
    /// How many bytes it has.
    #[schema(examples(48_213))]
    pub size: i64,
}

impl From<Attachment> for ArticleFile {
    fn from(file: Attachment) -> Self {
        Self {
            id: file.id,
            url: path(file.id),
            file_name: file.file_name,
            media_type: file.media_type,
            size: file.size,
        }
    }
}

/// An article in a list: its beginning instead of its text.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleSummary {
    /// The id, the same in every language.
    pub id: ArticleId,
    /// The title.
    #[schema(examples("Как вернуть билет?"))]
    pub title: String,
    /// The last part of its address in this language.
    #[schema(examples("kak-vernut-bilet"))]
    pub slug: String,
    /// The first words of the text.
    #[schema(examples("Откройте бронь и нажмите «Вернуть»."))]
    pub excerpt: String,
    /// How long it takes to read, in minutes.
    #[schema(examples(2))]
    pub reading_minutes: i32,
    /// The name of its category.
    #[schema(examples("Отмена и возврат"))]
    pub category: String,
    /// Its tags.
    #[schema(examples(json!(["возврат", "билет"])))]
    pub tags: Vec<String>,
    /// The language.
    pub language: Language,
    /// Who wrote it.
    pub author_id: Option<AgentId>,
    /// Whether the public reads it.
    pub is_published: bool,
    /// Since when.
    pub published_at: Option<DateTime<Utc>>,
    /// Visitors, each once a day, over all languages.
    #[schema(examples(128))]
    pub views: i64,
    /// Visitors who found it helpful.
    #[schema(examples(12))]
    pub helpful_votes: i32,
    /// Visitors who did not.
    #[schema(examples(1))]
    pub unhelpful_votes: i32,
    /// The version of this language.
    #[schema(examples(3))]
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A row of a list: the article, the beginning of its text, and how long the text is.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    /// The article.
    #[sqlx(flatten)]
    pub article: Article,
    /// The beginning of the text in Markdown.
    pub beginning: String,
    /// Characters of the text.
    pub characters: i32,
}

impl From<Listed> for ArticleSummary {
    fn from(row: Listed) -> Self {
        let article = row.article;
        Self {
            id: article.article_id,
            title: article.title,
            slug: article.slug,
            excerpt: markdown::excerpt(&row.beginning),
            reading_minutes: markdown::reading_minutes(
                usize::try_from(row.characters).unwrap_or_default(),
            ),
            category: article.category,
            tags: article.tags,
            language: article.language,
            author_id: article.author_id,
            is_published: article.is_published,
            published_at: article.published_at,
            views: article.views,
            helpful_votes: article.helpful_votes,
            unhelpful_votes: article.unhelpful_votes,
            version: article.version,
            created_at: article.created_at,
            updated_at: article.updated_at,
        }
    }
}

/// How an article does.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatsView {
    /// The article.
    pub article_id: ArticleId,
    /// Visitors, each once a day, over all languages.
    #[schema(examples(128))]
    pub views: i64,
    /// Visitors who found it helpful.
    #[schema(examples(12))]
    pub helpful_votes: i32,
    /// Visitors who did not.
    #[schema(examples(1))]
    pub unhelpful_votes: i32,
    /// The average of the votes from 0 to 5: a helpful one counts 5, an unhelpful one 0; 0 without votes.
    #[schema(examples(4.62))]
    pub average_rating: f64,
}

impl StatsView {
    /// The figures after votes were added or taken back.
    pub fn count(&mut self, helpful: i32, unhelpful: i32) {
        self.helpful_votes += helpful;
        self.unhelpful_votes += unhelpful;
        self.average_rating = average_rating(self.helpful_votes, self.unhelpful_votes);
    }
}

impl From<&Article> for StatsView {
    fn from(article: &Article) -> Self {
        Self {
            article_id: article.article_id,
            views: article.views,
            helpful_votes: article.helpful_votes,
            unhelpful_votes: article.unhelpful_votes,
            average_rating: average_rating(article.helpful_votes, article.unhelpful_votes),
        }
    }
}

/// An article in an event for the rest of the platform.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArticleEvent {
    /// The id.
    pub id: ArticleId,
    /// The title.
    #[schema(examples("Как вернуть билет?"))]
    pub title: String,
    /// The last part of its address.
    #[schema(examples("kak-vernut-bilet"))]
    pub slug: String,
    /// The name of its category.
    #[schema(examples("Отмена и возврат"))]
    pub category: String,
    /// Its tags.
    #[schema(examples(json!(["возврат"])))]
    pub tags: Vec<String>,
    /// The language that changed.
    pub language: Language,
    /// Whether the public reads it.
    pub is_published: bool,
    /// Since when.
    pub published_at: Option<DateTime<Utc>>,
    /// Its version.
    #[schema(examples(3))]
    pub version: i32,
}

impl From<&Article> for ArticleEvent {
    fn from(article: &Article) -> Self {
        Self {
            id: article.article_id,
            title: article.title.clone(),
            slug: article.slug.clone(),
            category: article.category.clone(),
            tags: article.tags.clone(),
            language: article.language,
            is_published: article.is_published,
            published_at: article.published_at,
            version: article.version,
        }
    }
}
