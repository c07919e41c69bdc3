//! Tickets, messages and customers, down the ladder.

use kamhub_postgres::PgConnection;

use super::answer::{Group, Place};
use crate::ids::TicketId;
use crate::search::error::Error;
use crate::search::keyboard;
use crate::search::model::{DocumentKind, Reach, Request, Rung};
use crate::search::query::{Query, fold};
use crate::search::rank::{self, Terms};
use crate::search::repo::desk::{self, Ranked, Share};

/// The groups that the caller may find and asks for, each the best first.
///
/// # Errors
/// A database fault.
pub(super) async fn find(
    connection: &mut PgConnection,
    query: &Query,
    terms: &Terms,
    collection: i64,
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
        let more = worded(connection, kind, group, terms, collection, reach, request).await?;
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
    let found = desk::identified(connection, kind, &identifiers, ticket, reach, request).await?;
    Ok(places(found, group, Rung::Identifier))
}

/// Every word, and where nothing has them all, the rarest of them.
async fn worded(
    connection: &mut PgConnection,
    kind: DocumentKind,
    group: Group,
    terms: &Terms,
    collection: i64,
    reach: Reach,
    request: &Request,
) -> Result<Vec<Place>, Error> {
    let steps = [(terms.exactly_all(), Rung::AllWords), (terms.rarest(), Rung::AnyWord)];
    for (asked, rung) in steps {
        let Some(asked) = asked else { continue };
        let of_all = terms.share(collection, rung == Rung::AllWords);
        let several = rung == Rung::AllWords && terms.terms.len() > 1;
        let share = Share { of_all, collection, several };
        let found = match kind {
            DocumentKind::Message => {
                desk::messages(connection, &asked, share, reach, request).await?
            }
            _ => desk::tickets(connection, &asked, share, reach, request).await?,
        };
        if !found.is_empty() || terms.terms.len() < 2 {
            return Ok(places(found, group, rung));
        }
    }
    Ok(Vec::new())
}

/// By the beginnings of names and addresses, as typed or in the other keyboard layout; or by number.
async fn customers(connection: &mut PgConnection, query: &Query) -> Result<Vec<Place>, Error> {
    let number = query.text.parse().ok().filter(|number| *number > 0);
    let readings = [Some(query.text.clone()), keyboard::swapped(&query.text)];
    for text in readings.into_iter().flatten() {
        let Some(beginnings) = rank::beginnings(&fold(&text)) else { continue };
        let found = desk::customers(connection, &beginnings, number).await?;
        if !found.is_empty() {
            return Ok(places(found, Group::Customers, Rung::AllWords));
        }
    }
    Ok(Vec::new())
}

fn places(found: Vec<Ranked>, group: Group, rung: Rung) -> Vec<Place> {
    found
        .into_iter()
        .map(|ranked| Place { group, id: ranked.id, score: ranked.score, rung })
        .collect()
}
