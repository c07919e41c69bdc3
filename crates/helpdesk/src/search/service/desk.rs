//! Tickets, messages and customers, down the ladder.

use kamhub_postgres::PgConnection;

use super::answer::{Group, Place};
use crate::ids::TicketId;
use crate::search::error::Error;
use crate::search::model::{DocumentKind, Reach, Request, Rung};
use crate::search::query::{Query, fold};
use crate::search::rank::{self, Terms};
use crate::search::repo::customers;
use crate::search::repo::desk::{self, Identified, Ranked, Share};
use crate::search::{distance, identifiers, keyboard, translit};

/// How the words of a query are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Words<'a> {
    /// All of them as they were typed, whatever they may have been meant as: a text may have been written since words were
    /// counted, or say what it says on purpose.
    Typed(&'a Terms),
    /// All of them as they are read, else the rarest.
    Read(&'a Terms),
}

/// The groups that the caller may find and asks for, each the best first.
///
/// # Errors
/// A database fault.
pub(super) async fn find(
    connection: &mut PgConnection,
    query: &Query,
    words: Words<'_>,
    reach: Reach,
    request: &Request,
) -> Result<Vec<Vec<Place>>, Error> {
    let mut groups = Vec::new();
    for (kind, group) in
        [(DocumentKind::Ticket, Group::Tickets), (DocumentKind::Message, Group::Messages)]
    {
        if !request.wants(kind) || !reach.includes(kind) {
            continue;
        }
        let mut places = identified(connection, kind, group, query, reach, request).await?;
        let more = worded(connection, kind, group, words, reach, request).await?;
        let fresh = more
            .into_iter()
            .filter(|place| !places.iter().any(|known| known.id == place.id))
            .collect::<Vec<_>>();
        places.extend(fresh);
        groups.push(places);
    }
    if request.wants(DocumentKind::Customer) && reach.includes(DocumentKind::Customer) {
        groups.push(customers(connection, query).await?);
    }
    Ok(groups)
}

async fn identified(
    connection: &mut PgConnection,
    kind: DocumentKind,
    group: Group,
    query: &Query,
    reach: Reach,
    request: &Request,
) -> Result<Vec<Place>, Error> {
    let identifiers: Vec<String> = query.identifiers.iter().cloned().collect();
    let ticket = TicketId::from_number_or_id(&query.text.replace(' ', "-"))
        .filter(|_| kind == DocumentKind::Ticket)
        .map(|ticket| ticket.0);
    if identifiers.is_empty() && ticket.is_none() {
        return Ok(Vec::new());
    }
    let written = identifiers.iter().filter_map(|one| identifiers::number(one));
    let numbers = written.chain(query.text.parse().ok()).collect();
    let asked = Identified { numbers, identifiers, ticket };
    let found = desk::identified(connection, kind, &asked, reach, request).await?;
    Ok(places(found, group, Rung::Identifier))
}

/// Every word, and where nothing has them all, the rarest of them.
async fn worded(
    connection: &mut PgConnection,
    kind: DocumentKind,
    group: Group,
    words: Words<'_>,
    reach: Reach,
    request: &Request,
) -> Result<Vec<Place>, Error> {
    let (terms, rarest) = match words {
        Words::Typed(terms) => (terms, None),
        Words::Read(terms) => (terms, terms.rarest().filter(|_| terms.terms.len() > 1)),
    };
    for (asked, rung) in [(terms.exactly_all(), Rung::AllWords), (rarest, Rung::AnyWord)] {
        let Some(asked) = asked else { continue };
        let of_all = terms.share(rung == Rung::AllWords);
        let several = rung == Rung::AllWords && terms.terms.len() > 1;
        let share = Share { of_all, collection: terms.collection(), several };
        let found = match kind {
            DocumentKind::Message => {
                desk::messages(connection, &asked, share, reach, request).await?
            }
            _ => desk::tickets(connection, &asked, share, reach, request).await?,
        };
        if !found.is_empty() {
            return Ok(places(found, group, rung));
        }
    }
    Ok(Vec::new())
}

/// By the beginnings of names and addresses, as typed, in the other keyboard layout or alphabet, or mistyped; or by number.
/// A whole address is nobody else's.
async fn customers(connection: &mut PgConnection, query: &Query) -> Result<Vec<Place>, Error> {
    let number = query.text.parse().ok().filter(|number| *number > 0);
    let rung = match number.is_some() || identifiers::is_address(&query.text) {
        true => Rung::Identifier,
        false => Rung::AllWords,
    };
    let readings = [Some(query.text.clone()), keyboard::swapped(&query.text), spelled(&query.text)];
    for text in readings.into_iter().flatten() {
        let Some(beginnings) = rank::beginnings(&fold(&text)) else { continue };
        let found = customers::by_beginnings(connection, &beginnings, number).await?;
        if !found.is_empty() {
            return Ok(places(found, Group::Customers, rung));
        }
    }
    let typed = fold(&query.text);
    let halves: Vec<String> = typed.iter().map(|word| half(word)).collect();
    let Some(beginnings) =
        rank::beginnings(&halves).filter(|_| typed.iter().all(|word| may_be_slip(word)))
    else {
        return Ok(Vec::new());
    };
    let mut near = customers::names(connection, &beginnings).await?;
    near.retain(|(_, name)| are_near(&typed, &fold(name)));
    let found = near.into_iter().map(|(id, _)| Ranked { id, score: 1.0 }).collect();
    Ok(places(found, Group::Customers, Rung::AllWords))
}

/// The text with its words in the other alphabet; `None` where one has no such reading.
fn spelled(text: &str) -> Option<String> {
    let words: Option<Vec<String>> =
        fold(text).iter().map(|word| translit::readings(word).into_iter().next()).collect();
    words.filter(|words| !words.is_empty()).map(|words| words.join(" "))
}

/// Whether a word is long enough to be a slip of another.
fn may_be_slip(word: &str) -> bool {
    distance::allowed(word.chars().count()) > 0
}

/// The first half of a word: the slip is looked for in the other.
fn half(word: &str) -> String {
    word.chars().take(word.chars().count().div_ceil(2)).collect()
}

/// Whether each word that was typed is near to one of a name.
fn are_near(typed: &[String], name: &[String]) -> bool {
    typed.iter().all(|word| {
        let most = distance::allowed(word.chars().count());
        name.iter().any(|other| distance::slips(word, other, most).is_some())
    })
}

fn places(found: Vec<Ranked>, group: Group, rung: Rung) -> Vec<Place> {
    found
        .into_iter()
        .map(|ranked| Place { group, id: ranked.id, score: ranked.score, rung })
        .collect()
}
