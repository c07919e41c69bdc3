//! Violations: lists, and who has seen them.

use kamhub_kernel::page::{COUNT_CAP, Page, PageRequest, encode_cursor};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::case::Case;
use super::check::message;
use super::record::record;
use super::store::load;
use crate::events::{self, EventType};
use crate::ids::{TicketId, ViolationId};
use crate::sla::error::Error;
use crate::sla::model::{Violation, ViolationFilter, ViolationKey};
use crate::sla::repo::violation_lists as repo;
use crate::sla::repo::violations as rows;
use crate::sla::ticket::Book;
use crate::sla::timeline;
use crate::tickets::service as tickets;
use crate::tickets::service::{create::subject_of, deadlines};

/// A page of violations, the latest first, with their messages as of now.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    clock: &dyn Clock,
    filter: &ViolationFilter,
    page: &PageRequest<ViolationKey>,
) -> Result<Page<Violation>, Error> {
    let mut items = repo::page(connection, filter, page).await?;
    let counted = repo::count(connection, filter, COUNT_CAP + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| {
        encode_cursor(&ViolationKey { breached_at: last.breached_at, violation: last.id })
    });
    update_messages(connection, clock, &mut items).await?;
    let total = counted.min(COUNT_CAP);
    Ok(Page { items, total, total_capped: counted > COUNT_CAP, next_cursor })
}

/// The violations of a ticket as they are stored, with their messages as of now.
///
/// # Errors
/// The ticket does not exist, or not for this actor; a database fault.
pub async fn of_ticket(
    connection: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    ticket: TicketId,
) -> Result<Vec<Violation>, Error> {
    tickets::read(connection, actor, ticket).await?;
    let mut items = rows::of_ticket(connection, ticket).await?;
    update_messages(connection, clock, &mut items).await?;
    Ok(items)
}

async fn update_messages(
    connection: &mut PgConnection,
    clock: &dyn Clock,
    items: &mut [Violation],
) -> Result<(), Error> {
    let mut tickets: Vec<TicketId> = items.iter().map(|item| item.ticket_id).collect();
    tickets.sort_unstable();
    tickets.dedup();
    let mut book = Book::default();
    let stored = load(connection, &tickets, &mut book).await?;
    let now = clock.now();
    for item in items {
        let told = stored.get(&item.ticket_id).and_then(|it| message(item, &it.sla, now, &book));
        if let Some(told) = told {
            item.message = told;
        }
    }
    Ok(())
}

/// Notes that somebody has seen a violation, and stops its escalations. The first who says so stays.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn acknowledge(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: ViolationId,
    note: Option<&str>,
) -> Result<Violation, Error> {
    let known = repo::find(tx, id).await?.ok_or(Error::NotFound)?;
    let head = deadlines::lock(tx, known.ticket_id).await?;
    let now = clock.now();
    let first = repo::acknowledge(tx, id, actor, note, now).await?;
    let violation = repo::find(tx, id).await?.ok_or(Error::NotFound)?;
    if !first {
        return Ok(violation);
    }
    let mut book = Book::default();
    if let Some(stored) = load(tx, &[head.id], &mut book).await?.remove(&head.id) {
        let mut case = Case::new(head, stored);
        let data = json!({
            "metric": violation.violation_type.metric(), "number": violation.instance,
            "violationId": id, "by": actor.name(), "note": note,
        });
        case.tell(now, &book, timeline::ACKNOWLEDGED, data);
        record(tx, clock, now, &[case], &book, true).await?;
    }
    let told = json!({
        "violationId": id, "ticketId": violation.ticket_id, "type": violation.violation_type,
        "instance": violation.instance, "acknowledgedAt": violation.acknowledged_at,
        "acknowledgedBy": violation.acknowledged_by_name, "note": note,
    });
    let subject = subject_of(violation.ticket_id);
    events::publish(tx, now, EventType::SlaViolationAcknowledged, &subject, &told).await?;
    Ok(violation)
}
