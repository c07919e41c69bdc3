//! What the clocks of a ticket need from it: its deadline for sorting, and locks that never wait.

use chrono::{DateTime, Utc};
use kamhub_postgres::PgConnection;

use crate::ids::TicketId;
use crate::tickets::error::Error;
use crate::tickets::model::Head;
use crate::tickets::repo;

/// Keeps the earliest deadline of each of these locked tickets, none where no clock runs.
///
/// # Errors
/// A database fault.
pub async fn set(
    tx: &mut PgConnection,
    deadlines: &[(TicketId, Option<DateTime<Utc>>)],
) -> Result<(), Error> {
    if !deadlines.is_empty() {
        repo::due::set(tx, deadlines).await?;
    }
    Ok(())
}

/// Locks those of the tickets that nobody else has locked, without waiting; a change of a ticket
/// waits for it, a reference to one does not.
///
/// # Errors
/// A database fault.
pub async fn lock_free(tx: &mut PgConnection, ids: &[TicketId]) -> Result<Vec<Head>, Error> {
    Ok(repo::due::lock_free(tx, ids).await?)
}

/// Locks one ticket, also a deleted one.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn lock(tx: &mut PgConnection, id: TicketId) -> Result<Head, Error> {
    repo::due::lock(tx, id).await?.ok_or(Error::NotFound)
}

/// Open tickets after `after` in the order of their ids that the clocks know nothing of.
///
/// # Errors
/// A database fault.
pub async fn open_after(
    connection: &mut PgConnection,
    after: TicketId,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    Ok(repo::due::open_after(connection, after, most).await?)
}
