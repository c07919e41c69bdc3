//! Articles: types and rules, no I/O.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{AgentId, ArticleId, ArticleRowId};
use crate::language::Language;

kamhub_kernel::wire_enum! {
    /// What made a version.
    pub enum Change {
        /// It was written.
        Created = "created",
        /// What the public reads was changed.
        Edited = "edited",
        /// A draft beside what the public reads was saved.
        Drafted = "drafted",
        /// That draft was thrown away.
        Discarded = "discarded",
        /// It was published, with the draft where there was one.
        Published = "published",
        /// It was taken from the public.
        Unpublished = "unpublished",
        /// An earlier version was brought back.
        Restored = "restored",
        /// Its publication was set for a time, or that was taken back.
        Scheduled = "scheduled",
    }
}

/// An article in one language, without its text.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Article {
    /// The row.
    pub row_id: ArticleRowId,
    /// The article.
    pub article_id: ArticleId,
    /// The original, where this is a translation of it.
    pub translation_of_id: Option<ArticleRowId>,
    /// The title, 5 to 255 characters.
    pub title: String,
    /// The last part of its address, unique among all languages.
    pub slug: String,
    /// The name of a category.
    pub category: String,
    /// Tags.
    pub tags: Vec<String>,
    /// The language.
    pub language: Language,
    /// Who wrote it.
    pub author_id: Option<AgentId>,
    /// Whether the public reads it.
    pub is_published: bool,
    /// Since when.
    pub published_at: Option<DateTime<Utc>>,
    /// When it will be published.
    pub publish_at: Option<DateTime<Utc>>,
    /// Visitors, each once a day, of all languages.
    pub views: i64,
    /// Visitors who found it helpful.
    pub helpful_votes: i32,
    /// Visitors who did not.
    pub unhelpful_votes: i32,
    /// Counts every change.
    pub version: i32,
    /// The version that waits beside what the public reads.
    pub draft_version: Option<i32>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What versions keep of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Content {
    /// The title, 5 to 255 characters.
    pub title: String,
    /// The text in Markdown, 20 to 50,000 characters.
    pub content: String,
    /// The name of a category.
    pub category: String,
    /// Tags.
    pub tags: Vec<String>,
}

/// A new article, or a new translation of one.
#[derive(Debug, Clone, PartialEq)]
pub struct NewArticle {
    /// The original, for a translation.
    pub translation_of: Option<ArticleRowId>,
    /// What it says.
    pub content: Content,
    /// The language.
    pub language: Language,
    /// The slug that was asked for; otherwise one is made of the title.
    pub slug: Option<String>,
    /// Whether the public reads it at once.
    pub publish: bool,
    /// When it is to be published.
    pub publish_at: Option<DateTime<Utc>>,
}

/// What is to change; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// The title.
    pub title: Option<String>,
    /// The text.
    pub content: Option<String>,
    /// The category.
    pub category: Option<String>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// The slug.
    pub slug: Option<String>,
    /// Whether the public reads it.
    pub is_published: Option<bool>,
    /// When it is to be published; the inner `None` takes that back.
    pub publish_at: Option<Option<DateTime<Utc>>>,
    /// Whether the text is kept beside what the public reads.
    pub draft: bool,
}

impl Update {
    /// The content as it is after the change.
    pub fn content_of(&self, now: &Content) -> Content {
        Content {
            title: self.title.clone().unwrap_or_else(|| now.title.clone()),
            content: self.content.clone().unwrap_or_else(|| now.content.clone()),
            category: self.category.clone().unwrap_or_else(|| now.category.clone()),
            tags: self.tags.clone().map_or_else(|| now.tags.clone(), tidy_tags),
        }
    }
}

/// Tags without spaces around them; one that is named twice counts once.
pub fn tidy_tags(tags: Vec<String>) -> Vec<String> {
    let mut tidy: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = tag.trim();
        if !tag.is_empty() && !tidy.iter().any(|known| known == tag) {
            tidy.push(tag.to_owned());
        }
    }
    tidy
}

/// Which article is meant: by id, or by a slug it has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The id.
    Id(ArticleId),
    /// A slug.
    Slug(String),
}

impl Address {
    /// Reads the last part of a path; `None` where it can be neither.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self::Id(id));
        }
        let slug = text.to_lowercase();
        (!slug.is_empty() && slug.len() <= 300).then_some(Self::Slug(slug))
    }
}

/// One language of an article that was looked up.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Found {
    /// The article in this language.
    #[sqlx(flatten)]
    pub article: Article,
    /// Whether the address names this language: its slug, or its row.
    pub addressed: bool,
}

/// The language in which an article is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The article in that language.
    pub article: Article,
    /// Whether another language was wanted.
    pub is_fallback: bool,
    /// All languages that the reader may see, the original first.
    pub translations: Vec<Translation>,
}

/// One language of an article.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Translation {
    /// The language.
    pub language: Language,
    /// The title in it.
    #[schema(examples("Как вернуть билет?"))]
    pub title: String,
    /// The slug in it.
    #[schema(examples("kak-vernut-bilet"))]
    pub slug: String,
    /// Whether the public reads it.
    pub is_published: bool,
    /// The version of this language.
    #[schema(examples(3))]
    pub version: i32,
}

/// The languages that a reader wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Asked for in so many words.
    pub asked: Option<Language>,
    /// Preferred in general (Accept-Language).
    pub preferred: Option<Language>,
}

/// Chooses the language: the one that was asked for; else the one that the slug belongs to; else
/// the preferred one; else the original. `None` where the reader may see none.
pub fn choose(found: Vec<Found>, address: &Address, staff: bool, wanted: Wanted) -> Option<Choice> {
    let may_see = |one: &Found| staff || one.article.is_published;
    let by_slug = matches!(address, Address::Slug(_));
    // The slug of a draft leads nowhere, so that nobody learns of it.
    if by_slug && found.iter().any(|one| one.addressed && !may_see(one)) {
        return None;
    }
    let visible: Vec<Found> = found.into_iter().filter(may_see).collect();
    let of = |language: Language| visible.iter().find(|one| one.article.language == language);
    let named = visible.iter().find(|one| one.addressed);
    let wish = match (wanted.asked, named) {
        (None, Some(_)) if by_slug => None,
        (asked, _) => asked.or(wanted.preferred),
    };
    let chosen = wish.and_then(of).or(named).or_else(|| visible.first())?;
    Some(Choice {
        is_fallback: wish.is_some_and(|language| language != chosen.article.language),
        article: chosen.article.clone(),
        translations: visible
            .iter()
            .map(|Found { article, .. }| Translation {
                language: article.language,
                title: article.title.clone(),
                slug: article.slug.clone(),
                is_published: article.is_published,
                version: article.version,
            })
            .collect(),
    })
}

/// The average of the votes on a scale to 5, where a helpful one counts 5 and an unhelpful one 0;
/// two decimals, 0 without votes.
pub fn average_rating(helpful: i32, unhelpful: i32) -> f64 {
    let all = f64::from(helpful) + f64::from(unhelpful);
    if all == 0.0 { 0.0 } else { (f64::from(helpful) / all * 500.0).round() / 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(row: i64, language: Language, is_published: bool, addressed: bool) -> Found {
        let article = Article {
            row_id: ArticleRowId(row),
            article_id: ArticleId(1),
            translation_of_id: (row != 1).then_some(ArticleRowId(1)),
            title: format!("Title {row}"),
            slug: format!("slug-{row}"),
            category: "tours".into(),
            tags: Vec::new(),
            language,
            author_id: None,
            is_published,
            published_at: None,
            publish_at: None,
            views: 0,
            helpful_votes: 0,
            unhelpful_votes: 0,
            version: 1,
            draft_version: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        Found { article, addressed }
    }

    fn chosen(by_slug: bool, staff: bool, wanted: Wanted) -> Option<(i64, bool)> {
        let address =
            if by_slug { Address::Slug("slug-1".into()) } else { Address::Id(ArticleId(1)) };
        let rows = vec![found(1, Language::Ru, true, true), found(2, Language::En, false, false)];
        choose(rows, &address, staff, wanted)
            .map(|choice| (choice.article.row_id.0, choice.is_fallback))
    }

    #[test]
    fn the_language_that_is_asked_for_is_shown_or_marked_as_missing() {
        let english = Wanted { asked: Some(Language::En), preferred: None };
        assert_eq!(chosen(false, true, english), Some((2, false)));
        assert_eq!(chosen(false, false, english), Some((1, true)));
        assert_eq!(chosen(true, true, english), Some((2, false)));
    }

    #[test]
    fn a_slug_outweighs_what_is_preferred_in_general() {
        let english = Wanted { asked: None, preferred: Some(Language::En) };
        assert_eq!(chosen(true, true, english), Some((1, false)));
        assert_eq!(chosen(false, true, english), Some((2, false)));
        assert_eq!(chosen(false, true, Wanted::default()), Some((1, false)));
    }

    #[test]
    fn the_slug_of_a_draft_leads_the_public_nowhere() {
        let rows =
            || vec![found(1, Language::Ru, true, false), found(2, Language::En, false, true)];
        let address = Address::Slug("slug-2".into());
        assert_eq!(choose(rows(), &address, false, Wanted::default()), None);
        let staff = choose(rows(), &address, true, Wanted::default());
        assert_eq!(staff.map(|choice| choice.article.row_id.0), Some(2));
    }

    #[test]
    fn votes_are_rated_to_five() {
        assert_eq!(
            [average_rating(0, 0), average_rating(2, 1), average_rating(3, 0)],
            [0.0, 3.33, 5.0]
        );
    }

    #[test]
    fn tags_are_tidied() {
        let tags = [" a ", "b", "a", " "].map(str::to_owned).to_vec();
        assert_eq!(tidy_tags(tags), ["a", "b"]);
    }
}
