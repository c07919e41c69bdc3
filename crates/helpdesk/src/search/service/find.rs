//! One search: the query is read, candidates are found down the ladder, and the page is shown.

use std::collections::BTreeSet;
use std::time::Duration;

use kamhub_cache::Cache;
use kamhub_kernel::Actor;
use kamhub_kernel::page::{COUNT_CAP, decode_cursor, encode_cursor};
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::answer::{self, Group, Place};
use super::desk::{self, Words};
use super::reading::{self, Read};
use super::vocabulary::{Collection, WordMemory};
use crate::access::{self, Permission};
use crate::knowledge::service as knowledge;
use crate::search::error::Error;
use crate::search::ladder::Reading;
use crate::search::model::{DocumentKind, Found, Reach, Request, Rung, Tickets};
use crate::search::query::Query;
use crate::search::rank::Terms;
use crate::search::repo::desk::MOST as MOST_OF_DESK;
use crate::search::repo::documents::{self, Depth, Ranked};

/// With fewer results that have every word, those with any of them follow.
const ENOUGH: usize = 10;
/// From so many words on a query is a sentence.
const SENTENCE: usize = 5;
/// With fewer results than this, another query may have been meant.
const LITTLE: usize = 3;
/// As many results can be paged through.
const MOST: usize = 1_000;

/// What the caller may find.
pub fn reach(actor: &Actor) -> Reach {
    let may = |permission| actor.is_staff() && access::has(actor, permission);
    let tickets = match actor {
        Actor::Customer { id, only_ticket, .. } => {
            Tickets::Own { requester: id.0, only_ticket: *only_ticket }
        }
        _ if may(Permission::TicketsRead) => Tickets::All,
        _ => Tickets::None,
    };
    Reach { drafts: may(Permission::KnowledgeRead), tickets }
}

/// Where a page goes on, and of which search.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    query: String,
    skip: usize,
}

/// How many results a cursor passes over; `None` where it is not one of this query.
pub fn skip(cursor: &str, query: &str) -> Option<usize> {
    let cursor: Cursor = decode_cursor(cursor).ok()?;
    (cursor.query == query && cursor.skip <= MOST).then_some(cursor.skip)
}

/// The cache's space of answers for everybody.
const SPACE: &str = "search";
/// The same of rows of articles.
const ARTICLES: &str = "article_search";
/// How long an answer is kept; it is not found any more as soon as a document changes.
const KEPT: Duration = Duration::from_secs(300);

/// Searches. What everybody may find is answered from the cache while no published document has changed: the
/// generation that is part of the key rises in the transaction of every change, so what was acknowledged is never
/// hidden by an older answer. Searches of tickets are not kept.
///
/// # Errors
/// A database fault.
pub async fn answer(
    connection: &mut PgConnection,
    cache: &Cache,
    memory: &WordMemory,
    reach: Reach,
    request: &Request,
) -> Result<Found, Error> {
    let collection = Collection::of(connection, reach).await?;
    if reach != Reach::PUBLIC {
        return find_in(connection, memory, &collection, reach, request).await;
    }
    let key = key(&collection, request);
    let load = async || find_in(connection, memory, &collection, reach, request).await;
    cache.get_or_load(SPACE, &key, KEPT, load).await
}

/// The name of this search while the documents are what they are.
fn key(collection: &Collection, request: &Request) -> String {
    hex::encode(Sha256::digest(format!("{} {request:?}", collection.state)))
}

/// Searches, past the cache of answers.
///
/// # Errors
/// A database fault.
pub async fn find(
    connection: &mut PgConnection,
    memory: &WordMemory,
    reach: Reach,
    request: &Request,
) -> Result<Found, Error> {
    let collection = Collection::of(connection, reach).await?;
    find_in(connection, memory, &collection, reach, request).await
}

async fn find_in(
    connection: &mut PgConnection,
    memory: &WordMemory,
    collection: &Collection,
    reach: Reach,
    request: &Request,
) -> Result<Found, Error> {
    let Understood { query, mut read, terms, typed } =
        understood(connection, memory, collection, request).await?;
    let mut groups: Vec<Vec<Place>> = Vec::new();
    let mut as_typed = false;
    if reach.tickets != Tickets::None {
        let words = Words::Read(&terms);
        if let Some(typed) = &typed {
            let words = Words::Typed(typed);
            groups = desk::find(connection, &query, words, reach, request).await?;
            as_typed = groups.iter().flatten().any(Place::has_the_words);
        }
        if !as_typed {
            groups = desk::find(connection, &query, words, reach, request).await?;
        }
    }
    let is_cut =
        |group: &Vec<Place>| i64::try_from(group.len()).is_ok_and(|found| found >= MOST_OF_DESK);
    let mut cut = groups.iter().any(is_cut);
    let mut uncorrected = groups.iter().flatten().any(|place| place.group == Group::Customers);
    if request.wants(DocumentKind::Article) || request.wants(DocumentKind::Faq) {
        let found = find_documents(connection, &terms, reach, request).await?;
        cut |= found.cut;
        uncorrected |= as_typed && found.rows.is_empty();
        groups.push(found.rows.iter().map(place).collect());
    }
    let places = merged(groups);
    let page: Vec<Place> = places.iter().skip(request.skip).take(request.limit).copied().collect();
    let end = request.skip + page.len();
    let results = answer::shown(connection, &read, &page).await?;
    let total = i64::try_from(places.len()).unwrap_or(COUNT_CAP);
    let did_you_mean = match places.len() < LITTLE && request.skip == 0 && !uncorrected {
        true => reading::meant(connection, memory, collection, &read.reading).await?,
        false => None,
    };
    Ok(Found {
        query: query.text.clone(),
        corrected: read.reading.corrected.take().filter(|_| !uncorrected),
        did_you_mean,
        results,
        total: total.min(COUNT_CAP),
        total_capped: cut || total > COUNT_CAP,
        next_cursor: (end < places.len().min(MOST) && !page.is_empty())
            .then(|| encode_cursor(&Cursor { query: query.text, skip: end })),
    })
}

/// A query, and what is asked for.
struct Understood {
    query: Query,
    read: Read,
    /// As it is read.
    terms: Terms,
    /// As it was typed, where that differs.
    typed: Option<Terms>,
}

async fn understood(
    connection: &mut PgConnection,
    memory: &WordMemory,
    collection: &Collection,
    request: &Request,
) -> Result<Understood, Error> {
    let query = Query::parse(&request.query);
    let read = reading::read(connection, memory, collection, &query).await?;
    let identifiers: Vec<String> = query.identifiers.iter().cloned().collect();
    let terms_of = |reading: &Reading| Terms::of(reading, &identifiers, collection.documents);
    let terms = terms_of(&read.reading);
    let typed = read.typed.as_ref().map(terms_of);
    Ok(Understood { query, read, terms, typed })
}

/// The rows of published articles that fit, the best first, each article in the language that fits best; from the
/// cache as [`answer`].
///
/// # Errors
/// A database fault.
pub async fn articles(
    connection: &mut PgConnection,
    cache: &Cache,
    memory: &WordMemory,
    request: &Request,
) -> Result<Vec<i64>, Error> {
    let collection = Collection::of(connection, Reach::PUBLIC).await?;
    let key = key(&collection, request);
    let load = async || {
        let understood = understood(connection, memory, &collection, request).await?;
        let found = find_documents(connection, &understood.terms, Reach::PUBLIC, request).await?;
        Ok(found.rows.iter().map(|ranked| ranked.source_id).collect())
    };
    cache.get_or_load(ARTICLES, &key, KEPT, load).await
}

/// The groups as one list: identifiers first, then the best of each group, the second of each, and so on, since
/// the scores of an article and of a ticket cannot be compared.
fn merged(groups: Vec<Vec<Place>>) -> Vec<Place> {
    let mut keyed: Vec<((bool, usize, usize), Place)> = Vec::new();
    for (number, group) in groups.into_iter().enumerate() {
        for (rank, place) in group.into_iter().enumerate() {
            keyed.push(((place.rung != Rung::Identifier, rank, number), place));
        }
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// Articles and questions, the best first, and whether there may be more than were put in order.
struct Documents {
    rows: Vec<Ranked>,
    cut: bool,
}

/// The articles and questions that fit. A sentence is searched for any of its words at once: hardly ever does enough have
/// all of them.
async fn find_documents(
    connection: &mut PgConnection,
    terms: &Terms,
    reach: Reach,
    request: &Request,
) -> Result<Documents, Error> {
    let mut request = request.clone();
    if let Some(category) = &request.category {
        request.category = Some(knowledge::category_name(connection, category).await?);
    }
    let words = terms.terms.len();
    let mut depth = if words >= SENTENCE { Depth::AnyWord } else { Depth::AllWords };
    let mut rows = documents::ranked(connection, terms, depth, reach, &request).await?;
    let complete = |ranked: &Ranked| ranked.has_all || ranked.by_identifier;
    if rows.iter().filter(|ranked| complete(ranked)).count() >= ENOUGH {
        rows.retain(complete);
    } else if words > 1 && depth == Depth::AllWords {
        depth = Depth::AnyWord;
        rows = documents::ranked(connection, terms, depth, reach, &request).await?;
    }
    let cut = rows.len() >= depth.most_weighed();
    // Of an article's languages the one that fits best.
    let mut known = BTreeSet::new();
    rows.retain(|ranked| known.insert((ranked.kind, ranked.public_id)));
    Ok(Documents { rows, cut })
}

fn place(ranked: &Ranked) -> Place {
    Place {
        group: Group::Documents,
        id: ranked.id,
        score: ranked.score,
        rung: match (ranked.by_identifier, ranked.has_all) {
            (true, _) => Rung::Identifier,
            (false, true) => Rung::AllWords,
            (false, false) => Rung::AnyWord,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_take_turns_after_identifiers() {
        let place = |group, id, rung| Place { group, id, score: 1.0, rung };
        let merged = merged(vec![
            vec![
                place(Group::Tickets, 1, Rung::AllWords),
                place(Group::Tickets, 2, Rung::AllWords),
            ],
            vec![place(Group::Messages, 3, Rung::Identifier)],
            vec![place(Group::Documents, 4, Rung::AllWords)],
        ]);
        assert_eq!(merged.iter().map(|place| place.id).collect::<Vec<_>>(), [3, 1, 4, 2]);
    }

    #[test]
    fn a_cursor_of_another_search_is_none() {
        let cursor = encode_cursor(&Cursor { query: "тур".to_owned(), skip: 10 });
        assert_eq!(skip(&cursor, "тур"), Some(10));
        assert_eq!(skip(&cursor, "вулкан"), None);
        let far = encode_cursor(&Cursor { query: "тур".to_owned(), skip: 1_000_000 });
        assert_eq!(skip(&far, "тур"), None);
    }
}
