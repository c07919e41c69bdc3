//! The sweep: what is due for clocks is done, by as many workers as there are. It never waits for a
//! ticket that somebody is changing; that change looks at the clocks itself.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kamhub_kernel::Clock;
use kamhub_postgres::{DbError, PgConnection};

use super::case::Case;
use super::record::record;
use super::store::load;
use crate::sla::error::Error;
use crate::sla::repo;
use crate::sla::ticket::Book;
use crate::tickets::service::deadlines;

/// How many tickets one transaction sweeps: a change of one of them may have to wait until it ends.
pub const BATCH: i64 = 500;

/// What one transaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Tickets for which something was due.
    pub found: usize,
    /// Tickets for which it was done; the others are being changed by somebody.
    pub done: usize,
}

impl Batch {
    /// Whether another batch may find more.
    pub fn goes_on(&self) -> bool {
        self.done > 0 && i64::try_from(self.found).is_ok_and(|found| found >= BATCH)
    }
}

/// Warns, notices and escalates what is due now, for up to [`BATCH`] tickets, longest due first.
///
/// # Errors
/// A database fault.
pub async fn sweep(tx: &mut PgConnection, clock: &dyn Clock) -> Result<Batch, Error> {
    let now = clock.now();
    let due = repo::due(tx, now, BATCH).await?;
    if due.is_empty() {
        return Ok(Batch { found: 0, done: 0 });
    }
    let heads = deadlines::lock_free(tx, &due).await?;
    let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
    let mut book = Book::default();
    let mut stored = load(tx, &ids, &mut book).await?;
    let mut cases: Vec<Case> = heads
        .into_iter()
        .filter_map(|head| stored.remove(&head.id).map(|stored| Case::new(head, stored)))
        .collect();
    for case in &mut cases {
        case.advance(now, &book);
    }
    record(tx, clock, now, &cases, &book, true).await?;
    Ok(Batch { found: due.len(), done: cases.len() })
}

/// How the clocks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many run, counted up to 100,000.
    pub running: i64,
    /// How long the step that is due longest has been waiting.
    pub lag: Duration,
}

/// How the clocks stand at `now`.
///
/// # Errors
/// A database fault.
pub async fn standing(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Standing, DbError> {
    let (running, oldest) = repo::gauges(connection, now).await?;
    let lag = oldest.and_then(|oldest| (now - oldest).to_std().ok()).unwrap_or_default();
    Ok(Standing { running, lag })
}
