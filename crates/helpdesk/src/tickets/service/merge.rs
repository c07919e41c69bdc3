//! Two tickets about the same thing become one, and two again. A merged ticket is a redirect: its
//! messages go to the survivor and keep where they were written, so that all of it can be undone.

use kamhub_kernel::{Actor, Clock, Faults, Versions};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::change::{check_version, save};
use super::conversation::record;
use super::{lock, read};
use crate::agents;
use crate::ids::{MessageId, TicketId};
use crate::tickets::error::Error;
use crate::tickets::model::Ticket;
use crate::tickets::repo::{self, merges, moves};
use crate::tickets::state::Status;

const ITSELF: Error = Error::Merge("A ticket cannot be merged into itself");
const TARGET_MERGED: Error = Error::Merge(
    "The other ticket was merged itself: merge into the one that it went into (mergedIntoId)",
);
const TARGET_OVER: Error = Error::Merge(
    "The other ticket is resolved or closed, and this one is not: reopen the other one first, or merge it into this one",
);
const NOT_MERGED: Error = Error::Merge("The ticket is not merged, so there is nothing to undo");
const CHANGED: Error =
    Error::Merge("The ticket was merged elsewhere at the same time: look at it again");

/// Merges a ticket into another one, which goes on with the messages of both; when each was first
/// answered stays its own, because nobody in the one has been told what was answered in the other. Done already, it stays
/// as it is. Who merges into a ticket that was merged itself is refused and told so, not redirected:
/// two merges in opposite directions at once must not both succeed.
///
/// # Errors
/// [`Error::Merge`] into itself, a merged ticket, or one that is over while this one is not; [`Error::Merged`] where it went elsewhere already;
/// a fault of `into` where there is no such ticket; [`Error::NotFound`], [`Error::Stale`].
pub async fn merge(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
    into: TicketId,
) -> Result<Ticket, Error> {
    if id == into {
        lock(tx, actor, id).await?;
        return Err(ITSELF);
    }
    let (source, target) = lock_both(tx, id, into).await?;
    check_version(&source, actor, seen)?;
    match source.merged_into_id {
        Some(already) if already == into => return Ok(source),
        Some(_) => return Err(Error::Merged(Box::new(source.view_for(actor)))),
        None if target.merged_into_id.is_some() => return Err(TARGET_MERGED),
        // A question that is still open would end unseen in what everybody holds for done.
        None if is_over(&target) && !is_over(&source) => return Err(TARGET_OVER),
        None => {}
    }
    let moved = moves::everything(tx, id, into).await?;
    merges::insert(tx, &source, into, clock.now(), &moved).await?;
    // The source comes last: what its agent gets instead may be one of the others.
    let told = json!({"ticketId": id, "ticketNumber": source.ticket_number,
        "movedMessages": moved.len()});
    record(tx, clock, actor, target.clone(), target.clone(), ("merged", told)).await?;
    for child in merges::merged_into(tx, id).await? {
        redirect(tx, clock, actor, child, into).await?;
    }
    let mut after = source.clone();
    if after.status != Status::Closed {
        after.enter(Status::Closed, clock.now());
    }
    after.wake();
    after.merged_into_id = Some(into);
    let told = json!({"ticketNumber": target.ticket_number, "movedMessages": moved.len()});
    save(tx, clock, actor, source, after, "merged", told).await
}

/// Undoes a merge: the messages that came with the ticket, and those written to it since, go back,
/// with the tickets that had been merged into it before; state and agent are as they were. A ticket
/// whose merge was undone already stays as it is.
///
/// # Errors
/// [`Error::Merge`] where it was never merged; [`Error::NotFound`], [`Error::Stale`].
pub async fn unmerge(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: TicketId,
    seen: Option<Versions>,
) -> Result<Ticket, Error> {
    let known = read(tx, actor, id).await?;
    let Some(into) = known.merged_into_id else {
        return if merges::is_undone(tx, id).await? { Ok(known) } else { Err(NOT_MERGED) };
    };
    let target = merges::lock_even_deleted(tx, into).await?.ok_or(Error::NotFound)?;
    let source = lock(tx, actor, id).await?;
    check_version(&source, actor, seen)?;
    if source.merged_into_id != Some(into) {
        return Err(CHANGED);
    }
    let earlier = merges::undo(tx, id, clock.now()).await?.ok_or(NOT_MERGED)?;
    let family = merges::family(tx, id).await?;
    let brought = earlier.messages.iter().chain(family.iter().flat_map(|(_, messages)| messages));
    let brought: Vec<MessageId> = brought.copied().map(MessageId).collect();
    let moved = moves::these(tx, &brought, into, id).await?;
    let told = json!({"ticketId": id, "ticketNumber": source.ticket_number,
        "movedMessages": moved.len(), "messageIds": moved});
    let mut left = target.clone();
    if target.first_response_at == source.first_response_at {
        left.first_response_at = moves::first_response(tx, into).await?;
    }
    let target_number = target.ticket_number.clone();
    record(tx, clock, actor, target, left, ("unmerged", told)).await?;
    for child in merges::merged_into(tx, into).await? {
        if family.iter().any(|(member, _)| *member == child.id) {
            redirect(tx, clock, actor, child, id).await?;
        }
    }
    let mut after = source.clone();
    after.merged_into_id = None;
    after.status = earlier.status;
    after.closed_at = source.closed_at.filter(|_| earlier.status == Status::Closed);
    after.agent_id = match earlier.agent {
        Some(agent) if agents::service::agent_exists(tx, agent).await? => Some(agent),
        _ => None,
    };
    let told = json!({"ticketNumber": target_number, "movedMessages": moved.len()});
    save(tx, clock, actor, source, after, "unmerged", told).await
}

fn is_over(ticket: &Ticket) -> bool {
    matches!(ticket.status, Status::Resolved | Status::Closed)
}

/// A ticket that was merged before points to where its survivor went, so that there are no chains.
async fn redirect(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    child: Ticket,
    to: TicketId,
) -> Result<(), Error> {
    let mut after = child.clone();
    after.merged_into_id = Some(to);
    save(tx, clock, actor, child, after, "redirected", json!({})).await?;
    Ok(())
}

/// Locks both tickets in the order of their ids, so that two merges of the same two wait for each
/// other.
async fn lock_both(
    tx: &mut PgConnection,
    source: TicketId,
    target: TicketId,
) -> Result<(Ticket, Ticket), Error> {
    let first = repo::lock(tx, source.min(target)).await?;
    let second = repo::lock(tx, source.max(target)).await?;
    let (source, target) = if source < target { (first, second) } else { (second, first) };
    let source = source.ok_or(Error::NotFound)?;
    let sentence = "Into names a ticket that does not exist";
    let target = target.ok_or_else(|| Error::Invalid(Faults::of("into", sentence)))?;
    Ok((source, target))
}
