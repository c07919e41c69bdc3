//! Versions: listed, read, compared, brought back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kamhub_cache::Cache;
use kamhub_kernel::page::{COUNT_CAP, Page};
use kamhub_postgres::PgConnection;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

use super::change::{Hand, Target, content, open};
use super::{render, write};
use crate::knowledge::model::{Address, Article, Change, Content, Wanted};
use crate::knowledge::{Error, repo};
use crate::language::Language;

/// Unchanged lines that are shown around a change.
const CONTEXT: usize = 3;
/// How long two texts may be compared; after it the comparison is right and less fine.
const DIFF_WITHIN: Duration = Duration::from_millis(200);

/// A version in a list.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct VersionSummary {
    /// Its number; the article's version at that time.
    #[schema(examples(3))]
    pub number: i32,
    /// What made it.
    pub change: Change,
    /// The title in it.
    #[schema(examples("Как вернуть билет?"))]
    pub title: String,
    /// The category in it.
    #[schema(examples("Отмена и возврат"))]
    pub category: String,
    /// The tags in it.
    #[schema(examples(json!(["возврат"])))]
    pub tags: Vec<String>,
    /// What kind of actor made it.
    #[schema(examples("user"))]
    pub actor_kind: String,
    /// Who made it.
    #[schema(examples("Анна Лебедева"))]
    pub actor_name: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A version with its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// Its number.
    #[schema(examples(3))]
    pub number: i32,
    /// The title in it.
    #[schema(examples("Как вернуть билет?"))]
    pub title: String,
    /// Its text in Markdown.
    #[schema(examples("Откройте бронь и нажмите «Вернуть»."))]
    pub content: String,
    /// The same as safe HTML.
    #[schema(examples("<p>Откройте бронь и нажмите «Вернуть».</p>"))]
    pub content_html: String,
    /// The category in it.
    #[schema(examples("Отмена и возврат"))]
    pub category: String,
    /// The tags in it.
    #[schema(examples(json!(["возврат"])))]
    pub tags: Vec<String>,
}

kamhub_kernel::wire_enum! {
    /// What became of a line.
    pub enum LineChange {
        /// It is in both.
        Same = "same",
        /// It was added.
        Added = "added",
        /// It was taken away.
        Removed = "removed",
    }
}

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffLine {
    /// What became of it.
    pub change: LineChange,
    /// Its text.
    #[schema(examples("Откройте бронь."))]
    pub text: String,
}

/// Two versions compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffView {
    /// The one.
    #[schema(examples(1))]
    pub from: i32,
    /// The other.
    #[schema(examples(3))]
    pub to: i32,
    /// The names of the other fields that differ.
    #[schema(examples(json!(["title"])))]
    pub fields: Vec<String>,
    /// Changed places of the text, each with some unchanged lines around it.
    pub hunks: Vec<Vec<DiffLine>>,
    /// Lines that were added.
    #[schema(examples(1))]
    pub added: i64,
    /// Lines that were taken away.
    #[schema(examples(1))]
    pub removed: i64,
}

/// The row whose versions are meant.
async fn row(
    connection: &mut PgConnection,
    address: &Address,
    language: Option<Language>,
) -> Result<Article, Error> {
    let wanted = Wanted { asked: language, preferred: None };
    let choice = super::find(connection, true, address, wanted).await?;
    if choice.is_fallback { Err(Error::NotFound) } else { Ok(choice.article) }
}

/// A page of an article's versions, newest first, from before the version `before`.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn list(
    connection: &mut PgConnection,
    address: &Address,
    language: Option<Language>,
    before: Option<i32>,
    limit: i64,
) -> Result<Page<VersionSummary>, Error> {
    let article = row(connection, address, language).await?;
    repo::versions::keep_current(connection, article.row_id).await?;
    let before = before.unwrap_or(i32::MAX);
    let mut items = repo::versions::page(connection, article.row_id, before, limit + 1).await?;
    let counted = repo::versions::count(connection, article.row_id, COUNT_CAP + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next_cursor = items.last().filter(|_| more).map(|last| last.number.to_string());
    Ok(Page {
        items,
        total: counted.min(COUNT_CAP),
        total_capped: counted > COUNT_CAP,
        next_cursor,
    })
}

/// A version with its text.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NoSuchVersion`]; a database fault.
pub async fn read(
    connection: &mut PgConnection,
    cache: &Cache,
    address: &Address,
    language: Option<Language>,
    number: i32,
) -> Result<VersionView, Error> {
    let article = row(connection, address, language).await?;
    let said = version(connection, &article, number).await?;
    Ok(VersionView {
        number,
        content_html: render(cache, &said.content).await.html,
        title: said.title,
        content: said.content,
        category: said.category,
        tags: said.tags,
    })
}

/// Compares two versions; `to` is the present one where none is given.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NoSuchVersion`]; a database fault.
pub async fn diff(
    connection: &mut PgConnection,
    address: &Address,
    language: Option<Language>,
    from: i32,
    to: Option<i32>,
) -> Result<DiffView, Error> {
    let article = row(connection, address, language).await?;
    let to = to.unwrap_or(article.version);
    let old = version(connection, &article, from).await?;
    let new = version(connection, &article, to).await?;
    Ok(compare(from, to, &old, &new))
}

async fn version(
    connection: &mut PgConnection,
    article: &Article,
    number: i32,
) -> Result<Content, Error> {
    repo::versions::keep_current(connection, article.row_id).await?;
    let said = repo::versions::content(connection, article.row_id, number).await?;
    said.ok_or(Error::NoSuchVersion)
}

fn compare(from: i32, to: i32, old: &Content, new: &Content) -> DiffView {
    let mut fields = Vec::new();
    for (name, differs) in [
        ("title", old.title != new.title),
        ("category", old.category != new.category),
        ("tags", old.tags != new.tags),
    ] {
        fields.extend(differs.then(|| name.to_owned()));
    }
    let texts = TextDiff::configure().timeout(DIFF_WITHIN).diff_lines(&*old.content, &*new.content);
    let (mut added, mut removed) = (0, 0);
    let mut hunks = Vec::new();
    for group in texts.grouped_ops(CONTEXT) {
        let mut hunk = Vec::new();
        for change in group.iter().flat_map(|operation| texts.iter_changes(operation)) {
            let kind = match change.tag() {
                ChangeTag::Equal => LineChange::Same,
                ChangeTag::Insert => LineChange::Added,
                ChangeTag::Delete => LineChange::Removed,
            };
            added += i64::from(kind == LineChange::Added);
            removed += i64::from(kind == LineChange::Removed);
            let text = change.value().trim_end_matches(['\r', '\n']).to_owned();
            hunk.push(DiffLine { change: kind, text });
        }
        hunks.push(hunk);
    }
    DiffView { from, to, fields, hunks, added, removed }
}

/// Brings back what a version said: in the place of what the row says, or with `draft` beside what
/// the public reads.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::NoSuchVersion`], [`Error::MayNotPublish`],
/// [`Error::DraftPending`]; a database fault.
pub async fn restore(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    target: &Target,
    number: i32,
    draft: bool,
) -> Result<Article, Error> {
    let mut article = open(tx, target).await?;
    let said = version(tx, &article, number).await?;
    let now = content(tx, &article).await?;
    write::edit(tx, hand, &mut article, &now, said, draft, Change::Restored).await?;
    Ok(article)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(title: &str, text: &str) -> Content {
        Content {
            title: title.into(),
            content: text.into(),
            category: "tours".into(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn a_comparison_shows_what_was_added_and_what_was_taken_away() {
        let diff =
            compare(1, 2, &content("a", "one\ntwo\nthree\n"), &content("b", "one\n2\nthree"));
        assert_eq!((diff.added, diff.removed), (2, 2), "the last line lost its end");
        assert_eq!(diff.fields, ["title"]);
        assert_eq!(diff.hunks.len(), 1);
        assert_eq!(diff.hunks[0][0], DiffLine { change: LineChange::Same, text: "one".into() });
        let same = compare(1, 1, &content("a", "x"), &content("a", "x"));
        assert!(same.hunks.is_empty() && same.fields.is_empty());
    }
}
