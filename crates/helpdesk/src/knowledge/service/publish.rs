//! Publishing: at once, at a time, and taking it back.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;

use super::change::{Hand, Target, content, open, store, take_draft, tell};
use super::{may_publish, write};
use crate::events::EventType;
use crate::knowledge::model::{Article, Change};
use crate::knowledge::{Error, repo};

/// Publishes an article in one language, with the draft that waits where there is one.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::MayNotPublish`]; a database fault.
pub async fn publish(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    target: &Target,
) -> Result<Article, Error> {
    let mut article = open(tx, target).await?;
    publish_open(tx, hand, &mut article).await?;
    Ok(article)
}

/// Takes an article in one language from the public.
///
/// # Errors
/// As [`publish`].
pub async fn unpublish(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    target: &Target,
) -> Result<Article, Error> {
    let mut article = open(tx, target).await?;
    withdraw(tx, hand, &mut article).await?;
    Ok(article)
}

/// Throws away the draft that waits beside what the public reads.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`]; a database fault.
pub async fn discard_draft(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    target: &Target,
) -> Result<Article, Error> {
    let mut article = open(tx, target).await?;
    if article.draft_version.take().is_some() {
        let now = content(tx, &article).await?;
        store(tx, hand, &mut article, Change::Discarded, &now, false).await?;
    }
    Ok(article)
}

/// Publishes one article whose time has come; answers whether there was one.
///
/// # Errors
/// A database fault.
pub async fn publish_due(tx: &mut PgConnection, clock: &dyn Clock) -> Result<bool, Error> {
    let actor = Actor::System { job: "knowledge.publish_due" };
    let hand = Hand::of(&actor, clock);
    let Some(row) = repo::due(tx, hand.now).await? else { return Ok(false) };
    let mut article = write::by_row(tx, row).await?;
    repo::versions::keep_current(tx, row).await?;
    publish_open(tx, hand, &mut article).await?;
    Ok(true)
}

/// Publishes a row that is locked; nothing where the public reads it already as it is.
pub(super) async fn publish_open(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    article: &mut Article,
) -> Result<(), Error> {
    if !may_publish(hand.actor) {
        return Err(Error::MayNotPublish);
    }
    let was_published = article.is_published;
    if was_published && article.draft_version.is_none() && article.publish_at.is_none() {
        return Ok(());
    }
    let next = take_draft(tx, article).await?;
    article.is_published = true;
    article.publish_at = None;
    if !was_published {
        article.published_at = Some(hand.now);
    }
    store(tx, hand, article, Change::Published, &next, true).await?;
    let kind = if was_published { EventType::ArticleUpdated } else { EventType::ArticlePublished };
    tell(tx, hand, kind, article).await
}

/// Takes a row that is locked from the public. A draft that waited takes the place of its text.
pub(super) async fn withdraw(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    article: &mut Article,
) -> Result<(), Error> {
    if !may_publish(hand.actor) {
        return Err(Error::MayNotPublish);
    }
    if !article.is_published {
        return Ok(());
    }
    let next = take_draft(tx, article).await?;
    article.is_published = false;
    article.published_at = None;
    store(tx, hand, article, Change::Unpublished, &next, true).await?;
    tell(tx, hand, EventType::ArticleUnpublished, article).await
}

/// Sets when a row that is locked will be published, or takes that back.
pub(super) async fn schedule(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    article: &mut Article,
    at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    if article.publish_at == at {
        return Ok(());
    }
    if !may_publish(hand.actor) {
        return Err(Error::MayNotPublish);
    }
    refuse_past(at, hand.now)?;
    if at.is_some() && article.is_published && article.draft_version.is_none() {
        return Err(Error::invalid(
            "publishAt",
            "Publish at needs something to publish: the article is published, and no draft waits",
        ));
    }
    article.publish_at = at;
    let now = content(tx, article).await?;
    store(tx, hand, article, Change::Scheduled, &now, false).await
}

/// A time of publication lies ahead.
pub(super) fn refuse_past(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), Error> {
    match at {
        Some(at) if at <= now => Err(Error::invalid("publishAt", "Publish at must lie ahead")),
        _ => Ok(()),
    }
}
