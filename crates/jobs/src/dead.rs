//! Dead letters: jobs that failed for good, kept until an operator replays or discards them.

use kamhub_kernel::Clock;
use kamhub_postgres::{DbResult, PgConnection};

use crate::{model::JobRecord, repo};

pub use crate::model::DeadFilter;

/// How many dead letters one page holds at most.
pub const PAGE_AT_MOST: u32 = 500;

/// Dead letters, newest first: `limit` of them (at most [`PAGE_AT_MOST`]), older than job `before_id` where it is
/// given. The last id of a page is the `before_id` of the next.
///
/// # Errors
/// The database failed.
pub async fn list(
    conn: &mut PgConnection,
    filter: &DeadFilter,
    before_id: Option<i64>,
    limit: u32,
) -> DbResult<Vec<JobRecord>> {
    repo::dead(conn, filter, before_id, i64::from(limit.min(PAGE_AT_MOST))).await
}

/// Lets one dead letter run again at once, with all its attempts; false where there is no such dead letter.
///
/// # Errors
/// The database failed.
pub async fn replay(conn: &mut PgConnection, clock: &dyn Clock, id: i64) -> DbResult<bool> {
    repo::replay(conn, id, clock.now()).await
}

/// [`replay`] for every dead letter that the filter names; answers their ids.
///
/// # Errors
/// The database failed.
pub async fn replay_range(
    conn: &mut PgConnection,
    clock: &dyn Clock,
    filter: &DeadFilter,
) -> DbResult<Vec<i64>> {
    repo::replay_range(conn, filter, clock.now()).await
}

/// Deletes one dead letter for good; false where there is no such dead letter.
///
/// # Errors
/// The database failed.
pub async fn discard(conn: &mut PgConnection, id: i64) -> DbResult<bool> {
    repo::discard(conn, id).await
}
