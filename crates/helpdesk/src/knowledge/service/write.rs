//! Writing articles and their translations.

use chrono::{DateTime, Utc};
use kamhub_kernel::Faults;
use kamhub_postgres::PgConnection;

use super::change::{Hand, Target, content, open, store, tell, waiting};
use super::{category_name, may_publish, publish};
use crate::events::EventType;
use crate::ids::ArticleRowId;
use crate::knowledge::model::{Address, Article, Change, Content, NewArticle, Update, tidy_tags};
use crate::knowledge::{Error, repo, slug};
use crate::language::Language;
use crate::{agents, attachments};

/// Writes an article, as a draft or for the public.
///
/// # Errors
/// [`Error::MayNotPublish`], [`Error::Invalid`]; [`Error::Taken`] where the slug that was asked for
/// is another article's; a database fault.
pub async fn create(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    mut new: NewArticle,
) -> Result<Article, Error> {
    if (new.publish || new.publish_at.is_some()) && !may_publish(hand.actor) {
        return Err(Error::MayNotPublish);
    }
    publish::refuse_past(new.publish_at, hand.now)?;
    refuse_both(new.publish, new.publish_at)?;
    new.content.category = category_name(tx, &new.content.category).await?;
    new.content.tags = tidy_tags(new.content.tags);
    let wish = match &new.slug {
        Some(asked) => asked_slug(asked)?,
        None => slug::of_title(&new.content.title),
    };
    let author = agents::service::agent_of(tx, hand.actor).await?;
    let row = repo::insert(tx, &new, &wish, author, hand.now).await?;
    let row = row.ok_or_else(|| Error::taken("slug", "Another article has this slug already"))?;
    let article = by_row(tx, row).await?;
    repo::versions::keep(tx, row, 1, Change::Created, &new.content, hand.actor, hand.now).await?;
    tell(tx, hand, EventType::ArticleCreated, &article).await?;
    if article.is_published {
        tell(tx, hand, EventType::ArticlePublished, &article).await?;
    }
    Ok(article)
}

/// Changes an article in one language; category and tags in all of them.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::MayNotPublish`], [`Error::DraftPending`],
/// [`Error::Taken`], [`Error::Invalid`]; a database fault.
pub async fn update(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    target: &Target,
    change: Update,
) -> Result<Article, Error> {
    refuse_both(change.is_published == Some(true), change.publish_at.flatten())?;
    let mut article = open(tx, target).await?;
    if let Some(asked) = &change.slug {
        let asked = asked_slug(asked)?;
        move_to(tx, hand, &mut article, asked).await?;
    }
    if change.is_published == Some(false) {
        publish::withdraw(tx, hand, &mut article).await?;
    }
    let now = base(tx, &article, change.draft).await?;
    let mut next = change.content_of(&now);
    if change.category.is_some() {
        next.category = category_name(tx, &next.category).await?;
    }
    edit(tx, hand, &mut article, &now, next, change.draft, Change::Edited).await?;
    if let Some(at) = change.publish_at {
        publish::schedule(tx, hand, &mut article, at).await?;
    }
    if change.is_published == Some(true) {
        publish::publish_open(tx, hand, &mut article).await?;
    }
    Ok(article)
}

/// What a change starts from: the draft that waits, where the change is for it; else what the row
/// says.
async fn base(tx: &mut PgConnection, article: &Article, draft: bool) -> Result<Content, Error> {
    match article.draft_version {
        Some(number) if draft => waiting(tx, article, number).await,
        _ => content(tx, article).await,
    }
}

/// Stores another content: beside what the public reads with `draft`, else in its place.
pub(super) async fn edit(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    article: &mut Article,
    before: &Content,
    next: Content,
    draft: bool,
    change: Change,
) -> Result<(), Error> {
    if next == *before {
        return Ok(());
    }
    if draft && article.is_published {
        article.draft_version = Some(article.version + 1);
        return store(tx, hand, article, Change::Drafted, &next, false).await;
    }
    if article.is_published && !may_publish(hand.actor) {
        return Err(Error::MayNotPublish);
    }
    if article.draft_version.is_some() {
        return Err(Error::DraftPending);
    }
    store(tx, hand, article, change, &next, true).await?;
    tell(tx, hand, EventType::ArticleUpdated, article).await
}

/// Gives an article another address; the one it had leads to it for ever.
async fn move_to(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    article: &mut Article,
    asked: String,
) -> Result<(), Error> {
    if asked == article.slug {
        return Ok(());
    }
    if article.is_published && !may_publish(hand.actor) {
        return Err(Error::MayNotPublish);
    }
    let taken = || Error::taken("slug", "Another article has this slug already, or had it before");
    if repo::slug_is_taken(tx, &asked, article.row_id).await? {
        return Err(taken());
    }
    repo::retire_slug(tx, &article.slug, &asked, article.row_id, hand.now).await?;
    article.slug = asked;
    let now = content(tx, article).await?;
    let stored = store(tx, hand, article, Change::Edited, &now, true).await;
    stored.map_err(|error| match error {
        Error::Database(error)
            if error.constraint() == Some("knowledge_base_articles_slug_key") =>
        {
            taken()
        }
        other => other,
    })?;
    tell(tx, hand, EventType::ArticleUpdated, article).await
}

/// Writes a translation, or changes the one that is there. Category and tags are the original's.
/// Answers whether it is new.
///
/// # Errors
/// As [`create`] and [`update`].
pub async fn translate(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    target: &Target,
    language: Language,
    change: Update,
) -> Result<(Article, bool), Error> {
    let found = repo::lock(tx, &target.address).await?;
    if found.iter().any(|one| one.article.language == language) {
        let target = Target { language: Some(language), ..target.clone() };
        return Ok((update(tx, hand, &target, change).await?, false));
    }
    let original = found.first().ok_or(Error::NotFound)?.article.clone();
    let mut missing = Faults::new();
    for (field, is_there, sentence) in [
        ("title", change.title.is_some(), "A new translation needs a title"),
        ("content", change.content.is_some(), "A new translation needs a content"),
    ] {
        if !is_there {
            missing.add(field, sentence);
        }
    }
    let (Some(title), Some(text)) = (change.title, change.content) else {
        return Err(Error::Invalid(missing));
    };
    let new = NewArticle {
        translation_of: Some(original.row_id),
        content: Content { title, content: text, category: original.category, tags: original.tags },
        language,
        slug: change.slug,
        publish: change.is_published.unwrap_or(false),
        publish_at: change.publish_at.flatten(),
    };
    Ok((create(tx, hand, new).await?, true))
}

/// Deletes an article in all languages, or one translation of it. It stays in the database with its
/// versions, and nobody finds it any more; with the last language go its files.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`]; [`Error::OnlyOriginal`] where the language is the one in
/// which the article was written; a database fault.
pub async fn delete(tx: &mut PgConnection, hand: Hand<'_>, target: &Target) -> Result<(), Error> {
    let article = open(tx, target).await?;
    let alone = target.language.is_some();
    if alone && article.translation_of_id.is_none() {
        return Err(Error::OnlyOriginal);
    }
    let row = alone.then_some(article.row_id);
    repo::delete(tx, article.article_id, row, hand.now).await?;
    if !alone {
        attachments::service::release(tx, hand.now, article.article_id, None).await?;
    }
    tell(tx, hand, EventType::ArticleDeleted, &article).await
}

/// The article of a row.
pub(super) async fn by_row(tx: &mut PgConnection, row: ArticleRowId) -> Result<Article, Error> {
    let found = repo::find(tx, &Address::Id(crate::ids::ArticleId(row.0))).await?;
    let row = found.into_iter().find(|one| one.article.row_id == row);
    row.map(|one| one.article).ok_or(Error::NotFound)
}

/// At once or at a time, but not both.
fn refuse_both(at_once: bool, at: Option<DateTime<Utc>>) -> Result<(), Error> {
    if at_once && at.is_some() {
        let sentence = "Publish at needs a draft: leave isPublished out to have it published then";
        return Err(Error::invalid("publishAt", sentence));
    }
    Ok(())
}

fn asked_slug(asked: &str) -> Result<String, Error> {
    let asked = asked.trim().to_lowercase();
    match slug::fault(&asked) {
        None => Ok(asked),
        Some(fault) => Err(Error::invalid("slug", &format!("Slug {fault}"))),
    }
}
