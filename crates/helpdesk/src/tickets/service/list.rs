//! Lists of tickets.

use std::time::Duration;

use kamhub_cache::Cache;
use kamhub_kernel::Actor;
use kamhub_kernel::page::{COUNT_CAP, Page, Start, encode_cursor};
use kamhub_postgres::PgConnection;

use crate::tickets::error::Error;
use crate::tickets::model::Ticket;
use crate::tickets::query::{Filter, ListRequest, Reach, SortKey, Way};
use crate::tickets::repo;
use crate::tickets::service::reach;

const BEYOND_CAP: &str = "ticket_list_beyond_cap";
/// Which of [`Reach::widening`] filled a page of words.
const REACH: &str = "ticket_list_reach";
/// How long a filter that more than [`COUNT_CAP`] tickets fit is taken to be such a one. In that time
/// the total may say "more than 1000" of a few less; the rows of the page are always those of now.
const REMEMBERED: Duration = Duration::from_secs(60);

/// A page of the tickets that the actor may see: the restriction is part of the query.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    cache: &Cache,
    actor: &Actor,
    mut request: ListRequest,
) -> Result<Page<Ticket>, Error> {
    if let Actor::Customer { id, .. } = actor {
        match reach::of_link(connection, actor).await? {
            Some(opened) => request.filter.only = Some(opened),
            None => request.filter.requester = Some(*id),
        }
        // When the desk wants to see a ticket again is its own business.
        request.filter.snoozed = None;
    }
    let exact = request.page.exact_total;
    let (counted, mut items) = counted_page(connection, cache, &request).await?;
    let limit = usize::try_from(request.page.limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| {
        encode_cursor(&SortKey {
            list: ListRequest::mark(request.sort_by, request.order),
            value: request.sort_by.key(last),
            id: last.id.0,
        })
    });
    let total_capped = !exact && counted > COUNT_CAP;
    let total = if total_capped { COUNT_CAP } else { counted };
    Ok(Page { items, total, total_capped, next_cursor })
}

/// How many tickets fit, exactly or up to one beyond the cap, and the rows of the page. That there
/// are more is found by looking at more than a thousand rows, and remembered, because lists are
/// asked for again and again.
async fn counted_page(
    connection: &mut PgConnection,
    cache: &Cache,
    request: &ListRequest,
) -> Result<(i64, Vec<Ticket>), Error> {
    let key = request.filter.key();
    let mut counted = COUNT_CAP + 1;
    if cache.get::<bool>(BEYOND_CAP, &key).await != Some(true) {
        let (few, items) = repo::list::counted_page(connection, request).await?;
        if few <= COUNT_CAP {
            return Ok((few, items));
        }
        cache.put(BEYOND_CAP, &key, &true, REMEMBERED).await;
    }
    if request.page.exact_total {
        counted = count(connection, &request.filter).await?;
    }
    let way = request.way();
    if way != Way::Walk || !request.filter.is_by_words() {
        return Ok((counted, repo::list::page(connection, request, way).await?));
    }
    let key = format!("{key} {} {}", request.sort_by, request.order);
    let known = cache.get::<usize>(REACH, &key).await.unwrap_or_default();
    let (reach, items) = widening(connection, request, known).await?;
    // The end of a list fills no page, however far it is looked for.
    if reach != known && request.page.start == Start::Offset(0) {
        cache.put(REACH, &key, &reach, REMEMBERED).await;
    }
    Ok((counted, items))
}

/// How many tickets fit, however many they are. Those in sight are all but the snoozed ones: an index counts either, and
/// none counts them by themselves.
async fn count(connection: &mut PgConnection, filter: &Filter) -> Result<i64, Error> {
    if filter.snoozed != Some(false) {
        return Ok(repo::list::count(connection, filter).await?);
    }
    let all = Filter { snoozed: None, ..filter.clone() };
    let out_of_sight = Filter { snoozed: Some(true), ..filter.clone() };
    let hidden = repo::list::count(connection, &out_of_sight).await?;
    Ok(repo::list::count(connection, &all).await? - hidden)
}

/// The rows of a page of words, looked for ever further from the end of the order, and how far that was.
async fn widening(
    connection: &mut PgConnection,
    request: &ListRequest,
    from: usize,
) -> Result<(usize, Vec<Ticket>), Error> {
    let widening = Reach::widening(&request.filter);
    for (place, reach) in widening.iter().enumerate().skip(from) {
        if let Some(items) = repo::list::page_within(connection, request, *reach).await? {
            return Ok((place, items));
        }
    }
    let items = repo::list::page(connection, request, Way::Walk).await?;
    Ok((widening.len(), items))
}
