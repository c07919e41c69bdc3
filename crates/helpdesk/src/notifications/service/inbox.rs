//! The inbox of a person.

use kamhub_kernel::page::{COUNT_CAP, Page, PageRequest, Start, encode_cursor};
use kamhub_kernel::{Clock, UserId};
use kamhub_postgres::PgConnection;

use crate::ids::InboxEntryId;
use crate::notifications::error::Error;
use crate::notifications::repo::inbox as repo;
pub use crate::notifications::repo::inbox::Row as Entry;

/// The most entries that one call marks as read.
const READ_AT_MOST: i64 = 10_000;

/// Where a page continues: whether the last entry was read, and its id.
pub type Cursor = (bool, i64);

/// A page: unread entries first, then newest first.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    user: UserId,
    page: &PageRequest<Cursor>,
) -> Result<Page<Entry>, Error> {
    let (after, offset) = match page.start {
        Start::Offset(rows) => (None, rows),
        Start::After((read, id)) => (Some((read, InboxEntryId(id))), 0),
    };
    let mut items = repo::page(connection, user, after, offset, page.limit + 1).await?;
    let wanted = usize::try_from(page.limit).unwrap_or_default();
    let more = items.len() > wanted;
    items.truncate(wanted);
    let last = items.last().filter(|_| more);
    let next_cursor = last.map(|row| encode_cursor(&(row.read_at.is_some(), row.id.0)));
    let most = if page.exact_total { i64::MAX } else { COUNT_CAP + 1 };
    let (total, _) = repo::count(connection, user, most).await?;
    let total_capped = !page.exact_total && total > COUNT_CAP;
    let total = if total_capped { COUNT_CAP } else { total };
    Ok(Page { items, total, total_capped, next_cursor })
}

/// How many entries a person has not read, counted up to a thousand.
///
/// # Errors
/// A database fault.
pub async fn unread(connection: &mut PgConnection, user: UserId) -> Result<i64, Error> {
    Ok(repo::count(connection, user, COUNT_CAP).await?.1)
}

/// Marks an entry as read; one that is read already stays as it is.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn read(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    user: UserId,
    id: InboxEntryId,
) -> Result<Entry, Error> {
    repo::read(tx, user, id, clock.now()).await?.ok_or(Error::NotFound)
}

/// Marks everything up to `newest` as read, or everything; answers how many were unread. What came in
/// after the caller last looked stays unread where `newest` is given.
///
/// # Errors
/// A database fault.
pub async fn read_all(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    user: UserId,
    newest: Option<InboxEntryId>,
) -> Result<u64, Error> {
    Ok(repo::read_all(tx, user, newest, READ_AT_MOST, clock.now()).await?)
}
