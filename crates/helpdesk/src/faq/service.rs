//! Use cases of the faq slice. Each takes the connection, the actor and the clock; the caller
//! commits.

use std::collections::HashMap;
use std::time::Duration;

use kamhub_cache::Cache;
use kamhub_kernel::page::{COUNT_CAP, Page, Start, encode_cursor};
use kamhub_kernel::{Actor, Clock, Versions};
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{Faq, FaqView, ListRequest, SortKey, Wording};
use super::{Error, repo};
use crate::events::{EventType, publish};
use crate::ids::FaqId;
use crate::knowledge::service as knowledge;
use crate::language::Language;

const LISTS: &str = "faq_lists";
const COUNTS: &str = "faq_counts";
/// How long counts are kept; a change asks for others at once.
const COUNTS_KEPT: Duration = Duration::from_secs(600);
/// How long a list is kept: its order by views may be as old as this. Edits are seen at once.
const LIST_KEPT: Duration = Duration::from_secs(60);

/// Writes a question.
///
/// # Errors
/// A database fault.
pub async fn create(
    tx: &mut PgConnection,
    cache: &Cache,
    clock: &dyn Clock,
    actor: &Actor,
    mut new: Wording,
) -> Result<FaqView, Error> {
    new.category = knowledge::category_name(tx, &new.category).await?;
    let faq = repo::insert(tx, &new, clock.now()).await?;
    tell(tx, clock, actor, EventType::FaqCreated, &faq).await?;
    Ok(shown(cache, faq).await)
}

/// A question with its answer.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn read(
    connection: &mut PgConnection,
    cache: &Cache,
    id: FaqId,
) -> Result<FaqView, Error> {
    let faq = repo::find(connection, id).await?.ok_or(Error::NotFound)?;
    Ok(shown(cache, faq).await)
}

/// Changes a question. `change` is given what it says and answers what it shall say; where both are
/// the same, nothing is written.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`]; a database fault.
pub async fn update(
    tx: &mut PgConnection,
    cache: &Cache,
    clock: &dyn Clock,
    actor: &Actor,
    id: FaqId,
    seen: Option<Versions>,
    change: impl FnOnce(Wording) -> Wording,
) -> Result<FaqView, Error> {
    let before = lock(tx, cache, id, seen).await?;
    let mut wording = change(before.wording());
    wording.category = knowledge::category_name(tx, &wording.category).await?;
    if wording == before.wording() {
        return Ok(shown(cache, before).await);
    }
    repo::update(tx, id, &wording, before.version + 1, clock.now()).await?;
    let faq = repo::find(tx, id).await?.ok_or(Error::NotFound)?;
    tell(tx, clock, actor, EventType::FaqUpdated, &faq).await?;
    Ok(shown(cache, faq).await)
}

/// Deletes a question. It stays in the database, and nobody finds it any more.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`]; a database fault.
pub async fn delete(
    tx: &mut PgConnection,
    cache: &Cache,
    clock: &dyn Clock,
    actor: &Actor,
    id: FaqId,
    seen: Option<Versions>,
) -> Result<(), Error> {
    let faq = lock(tx, cache, id, seen).await?;
    repo::delete(tx, id, clock.now()).await?;
    tell(tx, clock, actor, EventType::FaqDeleted, &faq).await
}

async fn lock(
    tx: &mut PgConnection,
    cache: &Cache,
    id: FaqId,
    seen: Option<Versions>,
) -> Result<Faq, Error> {
    let faq = repo::lock(tx, id).await?.ok_or(Error::NotFound)?;
    match seen {
        Some(seen) if seen != faq.version => {
            Err(Error::Stale(seen, Box::new(shown(cache, faq).await)))
        }
        _ => Ok(faq),
    }
}

/// A page as it is cached.
#[derive(Serialize, Deserialize)]
struct Kept {
    items: Vec<FaqView>,
    total: i64,
    total_capped: bool,
    next_cursor: Option<String>,
}

/// A page of questions, the most important first, then those that are read most. It is cached under
/// the generation of all questions, which each change raises in its own transaction: a reader who
/// comes after a change was acknowledged asks for another key.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    cache: &Cache,
    mut request: ListRequest,
) -> Result<Page<FaqView>, Error> {
    let generation = knowledge::generation(connection, knowledge::Scope::Faqs).await?;
    if let Some(name) = &request.filter.category {
        request.filter.category = Some(knowledge::category_name(connection, name).await?);
    }
    let key = format!("{generation} {}", key_of(&request));
    let kept =
        cache.get_or_load(LISTS, &key, LIST_KEPT, || load(connection, cache, &request)).await?;
    Ok(Page {
        items: kept.items,
        total: kept.total,
        total_capped: kept.total_capped,
        next_cursor: kept.next_cursor,
    })
}

/// How many questions of a language each category has, by its name. Cached as lists are.
///
/// # Errors
/// A database fault.
pub async fn standing(
    connection: &mut PgConnection,
    cache: &Cache,
    language: Language,
) -> Result<HashMap<String, i64>, Error> {
    let generation = knowledge::generation(connection, knowledge::Scope::Faqs).await?;
    let key = format!("{generation} {language}");
    cache
        .get_or_load(COUNTS, &key, COUNTS_KEPT, || async move {
            Ok(repo::standing(connection, language).await?.into_iter().collect())
        })
        .await
}

fn key_of(request: &ListRequest) -> String {
    let start = match &request.page.start {
        Start::Offset(rows) => rows.to_string(),
        Start::After(key) => encode_cursor(key),
    };
    let language = request.filter.language.map_or("", |language| language.as_str());
    let category = request.filter.category.as_deref().unwrap_or_default();
    format!("{start} {} {language} {category}", request.page.limit)
}

async fn load(
    connection: &mut PgConnection,
    cache: &Cache,
    request: &ListRequest,
) -> Result<Kept, Error> {
    let counted = repo::count(connection, &request.filter).await?;
    let mut rows = repo::page(connection, request).await?;
    let limit = usize::try_from(request.page.limit).unwrap_or_default();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| {
        encode_cursor(&SortKey { priority: last.priority, views: last.views, faq: last.id.0 })
    });
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(shown(cache, row).await);
    }
    let total_capped = counted > COUNT_CAP;
    Ok(Kept { items, total: counted.min(COUNT_CAP), total_capped, next_cursor })
}

async fn shown(cache: &Cache, faq: Faq) -> FaqView {
    let html = knowledge::render(cache, &faq.answer).await.html;
    faq.view(html)
}

async fn tell(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    kind: EventType,
    faq: &Faq,
) -> Result<(), Error> {
    let data = json!({
        "faq": {
            "id": faq.id, "question": faq.question, "category": faq.category,
            "priority": faq.priority, "language": faq.language, "version": faq.version,
        },
        "by": actor.label(),
    });
    publish(tx, clock.now(), kind, &format!("faqs/{}", faq.id), &data).await?;
    Ok(())
}
