//! Receipts: what was sent, when, how often, and why not.

use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use kamhub_kernel::page::{COUNT_CAP, Page, PageRequest, Start, encode_cursor};
use kamhub_postgres::PgConnection;

use crate::ids::TicketId;
use crate::notifications::error::Error;
use crate::notifications::repo::receipts as repo;
pub use crate::notifications::repo::receipts::{Place, Row as Receipt, Standing};
use crate::tickets;

/// Samples stop counting here.
const COUNT_AT_MOST: i64 = 100_000;
/// How many old deliveries are forgotten at once.
const FORGOTTEN_AT_ONCE: i64 = 10_000;

/// The receipts of a ticket: what waits to be told first, then what was sent, each newest first.
///
/// # Errors
/// A ticket that does not exist; a database fault.
pub async fn of_ticket(
    connection: &mut PgConnection,
    actor: &Actor,
    ticket: TicketId,
    page: &PageRequest<Place>,
) -> Result<Page<Receipt>, Error> {
    tickets::service::read(connection, actor, ticket).await?;
    let (after, offset) = match page.start {
        Start::Offset(rows) => (None, rows),
        Start::After(place) => (Some(place), 0),
    };
    let mut items = repo::of_ticket(connection, ticket, after, offset, page.limit + 1).await?;
    let wanted = usize::try_from(page.limit).unwrap_or_default();
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next_cursor =
        items.last().filter(|_| more).map(|row| encode_cursor(&(row.waiting, row.number)));
    let most = if page.exact_total { i64::MAX } else { COUNT_CAP + 1 };
    let total = repo::count_of_ticket(connection, ticket, most).await?;
    let total_capped = !page.exact_total && total > COUNT_CAP;
    let total = if total_capped { COUNT_CAP } else { total };
    Ok(Page { items, total, total_capped, next_cursor })
}

/// What stands still, for metrics and the doctor.
///
/// # Errors
/// A database fault.
pub async fn standing(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Standing, Error> {
    Ok(repo::standing(connection, now, COUNT_AT_MOST).await?)
}

/// Forgets receipts of what was sent before `until`; answers how many.
///
/// # Errors
/// A database fault.
pub async fn forget_sent(tx: &mut PgConnection, until: DateTime<Utc>) -> Result<u64, Error> {
    Ok(repo::forget_sent(tx, until, FORGOTTEN_AT_ONCE).await?)
}
