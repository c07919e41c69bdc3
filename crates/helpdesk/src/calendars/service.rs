//! Use cases of the calendars slice.

use std::sync::{Arc, LazyLock};

use kamhub_postgres::PgConnection;
use moka::sync::Cache;

use super::{Calendar, Error, repo};
use crate::ids::{CalendarId, CalendarVersionId};

/// How many compiled versions the process keeps.
const COMPILED_AT_MOST: u64 = 1_000;

/// Compiled versions. A version never changes, so what is kept here cannot be stale; the process works
/// on one database.
static COMPILED: LazyLock<Cache<CalendarVersionId, Arc<Calendar>>> =
    LazyLock::new(|| Cache::new(COMPILED_AT_MOST));

/// The version of a calendar that applies now.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn current_version(
    connection: &mut PgConnection,
    id: CalendarId,
) -> Result<CalendarVersionId, Error> {
    repo::current_version(connection, id).await?.ok_or(Error::NotFound)
}

/// A version of a calendar, ready to count by. The database is asked once per version and process.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unreadable`]; a database fault.
pub async fn calendar(
    connection: &mut PgConnection,
    version: CalendarVersionId,
) -> Result<Arc<Calendar>, Error> {
    if let Some(calendar) = COMPILED.get(&version) {
        return Ok(calendar);
    }
    let spec = repo::spec(connection, version).await?.ok_or(Error::NotFound)?;
    let calendar = Arc::new(spec.check().map_err(Error::Unreadable)?);
    COMPILED.insert(version, Arc::clone(&calendar));
    Ok(calendar)
}
