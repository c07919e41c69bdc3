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
use super::{desk, reading};
use crate::access::{self, Permission};
use crate::search::error::Error;
use crate::search::ladder::Reading;
use crate::search::model::{DocumentKind, Found, Reach, Request, Rung, Tickets};
use crate::search::query::Query;
use crate::search::rank::Terms;
use crate::search::repo::documents::{self, Depth, Ranked};
use crate::search::repo::words;

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
    reach: Reach,
    request: &Request,
) -> Result<Found, Error> {
    if reach != Reach::PUBLIC {
        return find(connection, reach, request).await;
    }
    let key = key(connection, request).await?;
    cache.get_or_load(SPACE, &key, KEPT, || find(connection, reach, request)).await
}

/// The name of this search while the documents are what they are.
async fn key(connection: &mut PgConnection, request: &Request) -> Result<String, Error> {
    let generation = words::scopes(connection, &Reach::PUBLIC.scopes()).await?.generation;
    Ok(hex::encode(Sha256::digest(format!("{generation} {request:?}"))))
}

/// Searches, past the cache.
///
/// # Errors
/// A database fault.
pub async fn find(
    connection: &mut PgConnection,
    reach: Reach,
    request: &Request,
) -> Result<Found, Error> {
    let (query, reading, terms, collection) = understood(connection, reach, request).await?;
    let mut groups: Vec<Vec<Place>> = Vec::new();
    if reach.tickets != Tickets::None {
        groups = desk::find(connection, &query, &terms, collection, reach, request).await?;
    }
    if request.wants(DocumentKind::Article) || request.wants(DocumentKind::Faq) {
        let found = find_documents(connection, &terms, reach, request).await?;
        groups.push(found.iter().map(place).collect());
    }
    let known_name = groups.iter().flatten().any(|place| place.group == Group::Customers);
    let places = merged(groups);
    let page: Vec<Place> = places.iter().skip(request.skip).take(request.limit).copied().collect();
    let end = request.skip + page.len();
    let results = answer::shown(connection, &reading, &page).await?;
    let total = i64::try_from(places.len()).unwrap_or(COUNT_CAP);
    let did_you_mean = match places.len() < LITTLE && request.skip == 0 && !known_name {
        true => reading::meant(connection, &reading, &reach.scopes()).await?,
        false => None,
    };
    Ok(Found {
        query: query.text.clone(),
        corrected: reading.corrected.filter(|_| !known_name),
        did_you_mean,
        results,
        total: total.min(COUNT_CAP),
        total_capped: total > COUNT_CAP,
        next_cursor: (end < places.len().min(MOST) && !page.is_empty())
            .then(|| encode_cursor(&Cursor { query: query.text, skip: end })),
    })
}

async fn understood(
    connection: &mut PgConnection,
    reach: Reach,
    request: &Request,
) -> Result<(Query, Reading, Terms, i64), Error> {
    let query = Query::parse(&request.query);
    let scopes = reach.scopes();
    let collection = words::scopes(connection, &scopes).await?.documents;
    let reading = reading::read(connection, &query, &scopes).await?;
    let identifiers: Vec<String> = query.identifiers.iter().cloned().collect();
    let terms = Terms::of(&reading, &identifiers, collection);
    Ok((query, reading, terms, collection))
}

/// The rows of published articles that fit, the best first, each article in the language that fits best; from the
/// cache as [`answer`].
///
/// # Errors
/// A database fault.
pub async fn articles(
    connection: &mut PgConnection,
    cache: &Cache,
    request: &Request,
) -> Result<Vec<i64>, Error> {
    let key = key(connection, request).await?;
    let load = async || {
        let (.., terms, _) = understood(connection, Reach::PUBLIC, request).await?;
        let found = find_documents(connection, &terms, Reach::PUBLIC, request).await?;
        Ok(found.iter().map(|ranked| ranked.source_id).collect())
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

/// The articles and questions that fit, the best first. A sentence is searched for any of its words at once: hardly ever
/// does enough have all of them.
async fn find_documents(
    connection: &mut PgConnection,
    terms: &Terms,
    reach: Reach,
    request: &Request,
) -> Result<Vec<Ranked>, Error> {
    let words = terms.terms.len();
    let first = if words >= SENTENCE { Depth::AnyWord } else { Depth::AllWords };
    let mut found = documents::ranked(connection, terms, first, reach, request).await?;
    let complete = |ranked: &Ranked| ranked.has_all || ranked.by_identifier;
    if found.iter().filter(|ranked| complete(ranked)).count() >= ENOUGH {
        found.retain(complete);
    } else if words > 1 && first == Depth::AllWords {
        found = documents::ranked(connection, terms, Depth::AnyWord, reach, request).await?;
    }
    // Of an article's languages the one that fits best.
    let mut known = BTreeSet::new();
    found.retain(|ranked| known.insert((ranked.kind, ranked.public_id)));
    Ok(found)
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
