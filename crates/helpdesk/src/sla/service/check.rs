//! One ticket is looked at now.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;

use super::case::Case;
use super::live::stored;
use super::record::record;
use super::{adopt, store::load};
use crate::ids::{PolicyId, TicketId};
use crate::sla::error::Error;
use crate::sla::message::violation_message;
use crate::sla::model::Violation;
use crate::sla::repo::violations;
use crate::sla::ticket::{Book, TicketSla};
use crate::tickets::service as tickets;
use crate::tickets::service::deadlines;

/// What a check finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Every promise that was not kept, each with its message as of now.
    pub violations: Vec<Violation>,
    /// The policy that applies, where there is one.
    pub policy: Option<PolicyId>,
}

/// Looks for targets that have run out, stores what is new, and answers all of it.
///
/// # Errors
/// The ticket does not exist, or not for this actor; a database fault.
pub async fn check(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: TicketId,
) -> Result<Checked, Error> {
    let head = tickets::read(tx, actor, ticket).await?.head();
    let now = clock.now();
    let mut book = Book::default();
    let known = stored(tx, &head, &mut book).await?;
    let is_due = |sla: &TicketSla| sla.next_step_at(&book).is_some_and(|at| at <= now);
    // Nothing is locked where there is nothing to do.
    let sla = match known {
        Some(stored) if !is_due(&stored.sla) => stored.sla,
        _ => look(tx, clock, ticket, &mut book).await?,
    };
    let mut found = violations::of_ticket(tx, ticket).await?;
    for violation in &mut found {
        if let Some(message) = message(violation, &sla, now, &book) {
            violation.message = message;
        }
    }
    Ok(Checked { violations: found, policy: sla.versions.map(|versions| versions.policy) })
}

/// Does what is due for the ticket's clocks, with the ticket locked.
pub(super) async fn look(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: TicketId,
    book: &mut Book,
) -> Result<TicketSla, Error> {
    adopt::ensure(tx, clock, ticket).await?;
    let head = deadlines::lock(tx, ticket).await?;
    let Some(stored) = load(tx, &[ticket], book).await?.remove(&ticket) else {
        return Ok(TicketSla::default());
    };
    let mut case = Case::new(head, stored);
    let now = clock.now();
    case.advance(now, book);
    record(tx, clock, now, std::slice::from_ref(&case), book, true).await?;
    Ok(case.sla)
}

/// The message of a violation as of now: while the clock runs, more and more time is used.
pub(super) fn message(
    violation: &Violation,
    sla: &TicketSla,
    now: DateTime<Utc>,
    book: &Book,
) -> Option<String> {
    let metric = violation.violation_type.metric();
    let place = sla.place(metric, violation.instance.cast_unsigned())?;
    let row = sla.rows().nth(place)?;
    let calendar = book.calendar(&row.kept.versions)?;
    let consumed = row.clock.consumed_until(now, calendar);
    // By a target that became longer later nothing was missed: what was noticed then stays told.
    if consumed < row.clock.target {
        return None;
    }
    Some(violation_message(violation.violation_type, consumed, row.clock.target))
}
