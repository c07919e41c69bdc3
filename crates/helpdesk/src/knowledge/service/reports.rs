//! What readers miss: articles that help nobody, searches that find nothing; and what stands beside
//! an article.

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_cache::Cache;
use kamhub_kernel::page::{Page, encode_cursor};
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Scope, generation};
use crate::ids::ArticleId;
use crate::knowledge::model::{Address, Wanted, average_rating};
use crate::knowledge::view::ArticleSummary;
use crate::knowledge::{Error, repo};

const RELATED: &str = "knowledge_related";
/// How long neighbours are kept; an edit of any article is seen at once.
const RELATED_KEPT: std::time::Duration = std::time::Duration::from_secs(10 * 60);
/// Articles beside an article.
const NEIGHBOURS: i64 = 5;
/// Comments that the report shows of an article.
const COMMENTS: i64 = 3;
/// Characters of a search that is noted.
const LONGEST_QUERY: usize = 200;
/// Digits in a row that make a search look like somebody's number.
const PERSONAL_DIGITS: usize = 6;
/// Searches without a result that are kept at most.
const MOST_MISSES: i64 = 10_000;
/// How long a search without a result is kept after it was last made.
const MISSES_KEPT: TimeDelta = TimeDelta::days(180);

/// What a visitor said with their vote.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// Whether the article helped.
    pub helpful: bool,
    /// What they said.
    #[schema(examples("Не нашёл, сколько ждать возврата"))]
    pub comment: String,
    /// When.
    pub voted_at: DateTime<Utc>,
}

/// An article that helps nobody.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnhelpfulArticle {
    /// The article.
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
    /// Visitors, each once a day.
    #[schema(examples(320))]
    pub views: i64,
    /// Visitors who found it helpful.
    #[schema(examples(1))]
    pub helpful_votes: i32,
    /// Visitors who did not.
    #[schema(examples(9))]
    pub unhelpful_votes: i32,
    /// The average of the votes from 0 to 5.
    #[schema(examples(0.5))]
    pub average_rating: f64,
    /// The last comments of its readers, at most three.
    pub comments: Vec<Comment>,
}

/// A search that found nothing.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissedSearch {
    /// The words, in lower case.
    #[schema(examples("страховка от невылета"))]
    pub query: String,
    /// How often nothing was found.
    #[schema(examples(14))]
    pub misses: i64,
    /// When it was first so.
    pub first_at: DateTime<Utc>,
    /// When it was last so.
    pub last_at: DateTime<Utc>,
}

/// Where a page of blamed articles ended: unhelpful votes, views, id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlameKey(pub i32, pub i64, pub i64);

/// Where a page of searches ended: misses, query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissKey(pub i64, pub String);

/// Articles beside one: of the same tags, category or words, in the same language.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn related(
    connection: &mut PgConnection,
    cache: &Cache,
    staff: bool,
    address: &Address,
    wanted: Wanted,
) -> Result<Vec<ArticleSummary>, Error> {
    let article = super::find(connection, staff, address, wanted).await?.article;
    // Read before the rows: what is found after it is at least as new as the key says.
    let generation = generation(connection, Scope::Articles).await?;
    let key = format!("{generation} {}", article.row_id);
    cache
        .get_or_load(RELATED, &key, RELATED_KEPT, || async move {
            let rows = repo::reports::related(connection, article.row_id, NEIGHBOURS).await?;
            Ok(rows.into_iter().map(ArticleSummary::from).collect())
        })
        .await
}

/// Published articles that at least as many found unhelpful as helpful, the most blamed first, then
/// those that are read most.
///
/// # Errors
/// A database fault.
pub async fn unhelpful(
    connection: &mut PgConnection,
    after: Option<BlameKey>,
    limit: i64,
) -> Result<Page<UnhelpfulArticle>, Error> {
    let BlameKey(votes, views, id) = after.unwrap_or(BlameKey(i32::MAX, i64::MAX, i64::MAX));
    let mut rows = repo::reports::unhelpful(connection, (votes, views, id), limit + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next_cursor = rows
        .last()
        .filter(|_| more)
        .map(|last| encode_cursor(&BlameKey(last.unhelpful_votes, last.views, last.row_id.0)));
    let mut items = Vec::with_capacity(rows.len());
    for article in rows {
        items.push(UnhelpfulArticle {
            comments: repo::reports::comments(connection, article.article_id, COMMENTS).await?,
            id: article.article_id,
            title: article.title,
            slug: article.slug,
            category: article.category,
            views: article.views,
            helpful_votes: article.helpful_votes,
            unhelpful_votes: article.unhelpful_votes,
            average_rating: average_rating(article.helpful_votes, article.unhelpful_votes),
        });
    }
    let total = i64::try_from(items.len()).unwrap_or_default();
    Ok(Page { items, total, total_capped: more, next_cursor })
}

/// Searches that found nothing, the most frequent first.
///
/// # Errors
/// A database fault.
pub async fn missed_searches(
    connection: &mut PgConnection,
    after: Option<MissKey>,
    limit: i64,
) -> Result<Page<MissedSearch>, Error> {
    let after = after.as_ref().map(|MissKey(misses, query)| (*misses, query.as_str()));
    let mut items = repo::reports::misses(connection, after, limit + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next_cursor = items
        .last()
        .filter(|_| more)
        .map(|last| encode_cursor(&MissKey(last.misses, last.query.clone())));
    let total = i64::try_from(items.len()).unwrap_or_default();
    Ok(Page { items, total, total_capped: more, next_cursor })
}

/// Notes a search of the public that found nothing. What looks like somebody's address or number is
/// not kept.
///
/// # Errors
/// A database fault.
pub async fn note_miss(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    words: &str,
) -> Result<(), Error> {
    match as_noted(words) {
        Some(query) => Ok(repo::reports::miss(connection, &query, now).await?),
        None => Ok(()),
    }
}

/// Forgets searches that nobody makes any more, and the rarest where there are too many.
///
/// # Errors
/// A database fault.
pub async fn forget_misses(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    Ok(repo::reports::forget_misses(connection, now - MISSES_KEPT, MOST_MISSES).await?)
}

/// The search as it is counted: lower case, ё as е, single spaces; `None` where it is not kept.
fn as_noted(words: &str) -> Option<String> {
    let folded = words.to_lowercase().replace('ё', "е");
    let query = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    let query: String = query.chars().take(LONGEST_QUERY).collect();
    let mut digits = 0;
    let personal = query.chars().any(|letter| {
        // Spaces, hyphens and brackets do not make a phone number shorter.
        digits = match letter {
            '0'..='9' => digits + 1,
            ' ' | '-' | '(' | ')' | '+' => digits,
            _ => 0,
        };
        letter == '@' || digits >= PERSONAL_DIGITS
    });
    (!query.trim().is_empty() && !personal).then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_counted_together_and_nobodys_number_is_kept() {
        assert_eq!(as_noted("  Тёплые   ВЕЩИ ").as_deref(), Some("теплые вещи"));
        assert_eq!(as_noted("рейс 4711").as_deref(), Some("рейс 4711"));
        for personal in ["irina@example.com", "+7 (914) 000-11-22", "4276 1234", "  "] {
            assert_eq!(as_noted(personal), None, "{personal}");
        }
    }
}
