//! Lists of tickets.

use kamhub_kernel::Actor;
use kamhub_kernel::page::{COUNT_CAP, Page, encode_cursor};
use kamhub_postgres::PgConnection;

use crate::ids::TicketId;
use crate::tickets::error::Error;
use crate::tickets::model::Ticket;
use crate::tickets::query::{ListRequest, SortKey};
use crate::tickets::repo;

/// A page of the tickets that the actor may see: the restriction is part of the query.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    actor: &Actor,
    mut request: ListRequest,
) -> Result<Page<Ticket>, Error> {
    if let Actor::Customer { id, only_ticket, .. } = actor {
        match only_ticket {
            Some(only) => request.filter.only = Some(TicketId(*only)),
            None => request.filter.requester = Some(*id),
        }
    }
    let exact = request.page.exact_total;
    let counted = repo::list::count(connection, &request.filter, exact).await?;
    let way = request.way(counted);
    let mut items = repo::list::page(connection, &request, way).await?;
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
