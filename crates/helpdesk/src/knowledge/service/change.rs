//! What every change of an article goes through: the row locked, the version compared, the state
//! before kept, the new one stored as a version and told to the rest of the platform.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock, Versions};
use kamhub_postgres::PgConnection;
use serde_json::json;

use crate::events::{self, EventType};
use crate::knowledge::markdown;
use crate::knowledge::model::{Address, Article, Change, Choice, Content, Wanted, choose};
use crate::knowledge::view::{ArticleEvent, ArticleView};
use crate::knowledge::{Error, repo};
use crate::language::Language;

/// Who changes an article, and when.
#[derive(Clone, Copy)]
pub struct Hand<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// When.
    pub now: DateTime<Utc>,
}

impl<'a> Hand<'a> {
    /// The actor, now.
    pub fn of(actor: &'a Actor, clock: &dyn Clock) -> Self {
        Self { actor, now: clock.now() }
    }
}

/// Which article, in which language, at which version.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The article.
    pub address: Address,
    /// The language; otherwise that of the slug, or the original.
    pub language: Option<Language>,
    /// The version that the caller has seen.
    pub seen: Option<Versions>,
}

/// The row that is meant, locked until the transaction ends, with its present state kept.
pub(super) async fn open(tx: &mut PgConnection, target: &Target) -> Result<Article, Error> {
    let found = repo::lock(tx, &target.address).await?;
    let wanted = Wanted { asked: target.language, preferred: None };
    let choice = choose(found, &target.address, true, wanted).ok_or(Error::NotFound)?;
    if choice.is_fallback {
        return Err(Error::NotFound);
    }
    if let Some(seen) = target.seen.filter(|seen| *seen != choice.article.version) {
        return Err(stale(tx, seen, choice).await?);
    }
    repo::versions::keep_current(tx, choice.article.row_id).await?;
    Ok(choice.article)
}

async fn stale(tx: &mut PgConnection, seen: Versions, choice: Choice) -> Result<Error, Error> {
    let text = repo::text(tx, choice.article.row_id).await?.unwrap_or_default();
    let body = super::compose(markdown::render(&text), text);
    let files = super::files::of(tx, choice.article.article_id).await?;
    Ok(Error::Stale(seen, Box::new(ArticleView::new(choice, body, files, true))))
}

/// What the row says now.
pub(super) async fn content(tx: &mut PgConnection, article: &Article) -> Result<Content, Error> {
    let text = repo::text(tx, article.row_id).await?.ok_or(Error::NotFound)?;
    Ok(repo::content_of(article, text))
}

/// What the draft with this number says. Category and tags are the article's of today where the draft
/// left them alone: they may have changed with another language, or with the category's name.
///
/// # Errors
/// [`Error::NoSuchVersion`]; a database fault.
pub(super) async fn waiting(
    connection: &mut PgConnection,
    article: &Article,
    number: i32,
) -> Result<Content, Error> {
    let said = repo::versions::content(connection, article.row_id, number).await?;
    let mut said = said.ok_or(Error::NoSuchVersion)?;
    let Some(before) = repo::versions::before_draft(connection, article.row_id, number).await?
    else {
        return Ok(said);
    };
    if said.category == before.category {
        said.category.clone_from(&article.category);
    }
    if said.tags == before.tags {
        said.tags.clone_from(&article.tags);
    }
    Ok(said)
}

/// What a row is to say that loses its draft to its text: the draft where there is one.
///
/// # Errors
/// As [`waiting`].
pub(super) async fn take_draft(
    tx: &mut PgConnection,
    article: &mut Article,
) -> Result<Content, Error> {
    match article.draft_version.take() {
        Some(number) => waiting(tx, article, number).await,
        None => content(tx, article).await,
    }
}

/// Stores the row as its next version, which says `content`; `live` where that is what the row
/// itself says from now on.
pub(super) async fn store(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    article: &mut Article,
    change: Change,
    content: &Content,
    live: bool,
) -> Result<(), Error> {
    article.version += 1;
    article.updated_at = hand.now;
    if live {
        article.title.clone_from(&content.title);
        article.category.clone_from(&content.category);
        article.tags.clone_from(&content.tags);
    }
    repo::update(tx, article, live.then_some(content.content.as_str())).await?;
    if live {
        repo::spread_labels(tx, article, hand.now).await?;
    }
    let (row, number) = (article.row_id, article.version);
    repo::versions::keep(tx, row, number, change, content, hand.actor, hand.now).await?;
    Ok(())
}

/// Tells the rest of the platform.
pub(super) async fn tell(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    kind: EventType,
    article: &Article,
) -> Result<(), Error> {
    let data = json!({"article": ArticleEvent::from(article), "by": hand.actor.label()});
    let subject = format!("articles/{}", article.article_id);
    events::publish(tx, hand.now, kind, &subject, &data).await?;
    Ok(())
}
