//! Use cases of the knowledge slice. Each takes the connection, the actor and the clock; the caller
//! commits.

pub mod categories;
pub mod change;
pub mod files;
pub mod list;
pub mod publish;
pub mod reports;
pub mod search;
pub mod versions;
pub mod votes;
pub mod write;

use std::convert::Infallible;
use std::time::Duration;

use kamhub_cache::Cache;
use kamhub_kernel::Actor;
use kamhub_postgres::{DbResult, PgConnection};
use sha2::{Digest as _, Sha256};

use super::markdown::{self, RENDERER, Rendered};
use super::model::{Address, Article, Choice, Wanted, choose};
use super::view::{ArticleView, Body};
use super::{Error, repo};
use crate::access::{self, Permission};

const HTML: &str = "knowledge_html";
const BODIES: &str = "knowledge_articles";
/// How long what is cached is kept. It never gets wrong: its key names the version, or is the hash
/// of the text itself.
const KEPT: Duration = Duration::from_secs(10 * 60);

kamhub_kernel::wire_enum! {
    /// What has a generation.
    pub enum Scope {
        /// Articles.
        Articles = "articles",
        /// Questions.
        Faqs = "faqs",
    }
}

/// The number that each change of such content raises, in the transaction of the change: what is
/// loaded after it was read is as new as it says, or newer.
///
/// # Errors
/// A database fault.
pub async fn generation(connection: &mut PgConnection, scope: Scope) -> DbResult<i64> {
    repo::generation(connection, scope.as_str()).await
}

/// A category's name as it is written where there is such a category; else as it was given, without
/// spaces around it.
///
/// # Errors
/// A database fault.
pub async fn category_name(connection: &mut PgConnection, name: &str) -> DbResult<String> {
    let name = name.trim();
    let written = repo::category_named(connection, name).await?;
    Ok(written.unwrap_or_else(|| name.to_owned()))
}

/// Whether the actor sees drafts.
pub fn is_staff(actor: &Actor) -> bool {
    actor.is_staff() && access::has(actor, Permission::KnowledgeRead)
}

/// Whether the actor changes what the public reads.
pub fn may_publish(actor: &Actor) -> bool {
    access::has(actor, Permission::KnowledgePublish)
}

/// An article in the language that fits. The row is looked at in the database each time, so that
/// nobody is shown what was changed or taken away; only the text, found by the row's version, comes
/// from the cache. With `draft` the staff reads the draft that waits.
///
/// # Errors
/// [`Error::NotFound`], also for drafts that are not for this reader; a database fault.
pub async fn read(
    connection: &mut PgConnection,
    cache: &Cache,
    staff: bool,
    address: &Address,
    wanted: Wanted,
    draft: bool,
) -> Result<ArticleView, Error> {
    let mut choice = find(connection, staff, address, wanted).await?;
    let body = match choice.article.draft_version.filter(|_| staff && draft) {
        None => body(connection, cache, &choice.article).await?,
        Some(number) => {
            let waiting = change::waiting(connection, &choice.article, number).await?;
            choice.article.title = waiting.title;
            choice.article.category = waiting.category;
            choice.article.tags = waiting.tags;
            compose(render(cache, &waiting.content).await, waiting.content)
        }
    };
    let files = files::of(connection, choice.article.article_id).await?;
    let mut view = ArticleView::new(choice, body, files, staff);
    view.canonical_slug = match address {
        Address::Slug(asked) => {
            let known = view.translations.iter().any(|one| one.slug == *asked);
            (!known).then(|| view.slug.clone())
        }
        Address::Id(_) => None,
    };
    Ok(view)
}

/// The article in the language that fits, without its text.
///
/// # Errors
/// [`Error::NotFound`], also for drafts that are not for this reader; a database fault.
pub async fn find(
    connection: &mut PgConnection,
    staff: bool,
    address: &Address,
    wanted: Wanted,
) -> Result<Choice, Error> {
    let found = repo::find(connection, address).await?;
    choose(found, address, staff, wanted).ok_or(Error::NotFound)
}

/// Markdown as safe HTML, rendered once for all texts that are the same.
pub async fn render(cache: &Cache, markdown: &str) -> Rendered {
    let hash = Sha256::new().chain_update(RENDERER).chain_update([0]).chain_update(markdown);
    let key = hex::encode(hash.finalize());
    let rendered = cache
        .get_or_load(HTML, &key, KEPT, || async { Ok::<_, Infallible>(markdown::render(markdown)) })
        .await;
    match rendered {
        Ok(rendered) => rendered,
        Err(never) => match never {},
    }
}

/// An article after a change of the open transaction, for those who changed it. Nothing of it goes
/// into the cache under a version that may yet be rolled back.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn present(
    tx: &mut PgConnection,
    cache: &Cache,
    article: &Article,
) -> Result<ArticleView, Error> {
    let wanted = Wanted { asked: Some(article.language), preferred: None };
    let choice = find(tx, true, &Address::Id(article.article_id), wanted).await?;
    let content = repo::text(tx, choice.article.row_id).await?.ok_or(Error::NotFound)?;
    let body = compose(render(cache, &content).await, content);
    let files = files::of(tx, choice.article.article_id).await?;
    Ok(ArticleView::new(choice, body, files, true))
}

async fn body(
    connection: &mut PgConnection,
    cache: &Cache,
    article: &Article,
) -> Result<Body, Error> {
    let key = format!("{}:{}:{RENDERER}", article.row_id, article.version);
    let row = article.row_id;
    cache
        .get_or_load(BODIES, &key, KEPT, || async move {
            let content = repo::text(connection, row).await?.ok_or(Error::NotFound)?;
            Ok(compose(render(cache, &content).await, content))
        })
        .await
}

fn compose(rendered: Rendered, content: String) -> Body {
    Body {
        html: rendered.html,
        headings: rendered.headings,
        excerpt: markdown::excerpt(&content),
        reading_minutes: markdown::reading_minutes(content.chars().count()),
        content,
    }
}
