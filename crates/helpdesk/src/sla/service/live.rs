//! A ticket changes, and its clocks with it, in the same transaction.

use chrono::{DateTime, Utc};
use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;
use serde_json::{Value, json};

use super::adopt::{adopt, missing_messages};
use super::case::Case;
use super::record::record;
use super::store::{Stored, load, look_up};
use crate::category::Category;
use crate::ids::TicketId;
use crate::sla::error::Error;
use crate::sla::happening::Happening;
use crate::sla::model::{CancelReason, ClockState, Metric};
use crate::sla::policies;
use crate::sla::steps::Row;
use crate::sla::terms::Phase;
use crate::sla::ticket::{Book, TicketSla, Versions};
use crate::sla::timeline::{self, Told, What};
use crate::tickets::model::{Entry, Head, NewTicket, Priority, Ticket};
use crate::tickets::service::{deadlines, timeline as told};

/// What a new ticket is promised.
#[derive(Debug, Clone)]
pub struct Promise {
    /// Its first deadline.
    pub due_at: Option<DateTime<Utc>>,
    /// Its terms, for the entry of its creation.
    pub terms: Value,
}

/// Chooses the terms of a ticket that is about to be created.
///
/// # Errors
/// A database fault.
pub async fn promise(tx: &mut PgConnection, new: &NewTicket) -> Result<Promise, Error> {
    let mut book = Book::default();
    let versions = matching(tx, &mut book, new.category, new.priority).await?;
    let mut sla = TicketSla::default();
    let what = What::Begun { by_customer: new.by_customer, versions: Some(versions) };
    let moment = crate::sla::model::Moment::live(new.created_at);
    sla.apply(&Told { moment, what, message: None }, &book);
    let terms = timeline::terms_entry(&versions, "created");
    Ok(Promise { due_at: sla.due_at(), terms })
}

/// The versions that apply to such tickets now.
pub(super) async fn matching(
    tx: &mut PgConnection,
    book: &mut Book,
    category: Category,
    priority: Priority,
) -> Result<Versions, Error> {
    let found = policies::service::matching(tx, category, priority).await?;
    let versions = Versions {
        policy: found.policy.policy_id,
        policy_version: found.policy.id,
        calendar: found.policy.calendar_id,
        calendar_version: found.calendar_version,
    };
    look_up(tx, book, &versions).await?;
    Ok(versions)
}

/// Entries were written to a locked ticket's timeline; answers its earliest deadline.
///
/// # Errors
/// A database fault.
pub async fn timeline_written(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: &Ticket,
    entries: &[Entry],
) -> Result<Option<DateTime<Utc>>, Error> {
    if !entries.iter().any(matters) {
        return Ok(ticket.sla_due_at);
    }
    let mut book = Book::default();
    let stored = if entries.iter().any(|entry| entry.kind == "created") {
        Stored::default()
    } else {
        match load(tx, &[ticket.id], &mut book).await?.remove(&ticket.id) {
            Some(stored) => stored,
            None => return adopt(tx, clock, ticket.head(), false).await,
        }
    };
    let mut case = Case::new(ticket.head(), stored);
    let now = clock.now();
    go_on(tx, clock, now, &mut case, entries, &mut book).await?;
    record(tx, clock, now, std::slice::from_ref(&case), &book, false).await?;
    Ok(case.sla.due_at())
}

/// Whether an entry can change clocks.
pub(super) fn matters(entry: &Entry) -> bool {
    retargets(entry)
        || absorbs(entry)
        || timeline::is_revision(entry)
        || !timeline::told(entry).is_empty()
}

fn retargets(entry: &Entry) -> bool {
    let changed = |field: &str| entry.data.pointer(field).is_some();
    entry.kind != "created" && (changed("/after/priority") || changed("/after/category"))
}

/// Whether another ticket was merged into this one.
pub(super) fn absorbs(entry: &Entry) -> bool {
    entry.kind == "merged" && entry.data.get("after").is_none()
}

async fn go_on(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    now: DateTime<Utc>,
    case: &mut Case,
    entries: &[Entry],
    book: &mut Book,
) -> Result<(), Error> {
    let mut own = Vec::new();
    for entry in entries {
        if retargets(entry) {
            own.extend(retarget(tx, case, book).await?);
        }
        if absorbs(entry) {
            own.extend(absorb(tx, entry).await?);
        }
        if entry.kind == "split" {
            give(tx, clock, entry).await?;
        }
        if entry.kind == "unmerged" && entry.data.get("after").is_some() {
            let whole = told::whole(tx, case.head.id).await?;
            own.extend(missing_messages(tx, case.head.id, &whole).await?);
        }
    }
    let mut all = entries.to_vec();
    let add = |(kind, data): &(&'static str, Value)| Entry {
        kind: (*kind).to_owned(),
        occurred_at: now,
        data: data.clone(),
    };
    all.extend(own.iter().map(add));
    let heard: Vec<Told> = all.iter().flat_map(timeline::told).collect();
    look_up_all(tx, book, &heard, case.sla.versions).await?;
    let late = heard.iter().any(|told| Some(told.moment.at) < case.sla.last_at);
    if late || takes_other_terms(&case.sla, &heard) || entries.iter().any(timeline::is_revision) {
        let mut whole = told::whole(tx, case.head.id).await?;
        whole.extend(own.iter().map(add));
        case.sla = rebuild(tx, &whole, book).await?;
    } else {
        for told in &heard {
            case.sla.apply(told, book);
        }
    }
    case.entries.extend(own);
    // What begins is not worked on at once: history that is imported comes message by message.
    if entries.iter().all(|entry| entry.kind != "created") {
        case.advance(now, book);
    }
    Ok(())
}

/// Whether a clock comes under another version of a policy than the one that it counts or counted by.
/// Which of its steps are still to be taken depends on all those that were.
fn takes_other_terms(sla: &TicketSla, heard: &[Told]) -> bool {
    let present = sla.versions.map(|versions| versions.policy_version);
    let goes_on = |row: Row<'_>| {
        row.clock.metric == Metric::Resolution
            && row.clock.state() == ClockState::Fulfilled
            && Some(row.kept.versions.policy_version) != present
    };
    heard.iter().any(|told| match told.what {
        What::Terms(_) => true,
        What::Happened(Happening::PhaseChanged(phase)) => {
            phase != Phase::Done && sla.rows().any(goes_on)
        }
        _ => false,
    })
}

/// Other terms, where another policy fits the ticket now. The same policy stays in the version that
/// the clocks have, until an administrator has them evaluated anew.
async fn retarget(
    tx: &mut PgConnection,
    case: &Case,
    book: &mut Book,
) -> Result<Option<(&'static str, Value)>, Error> {
    let ended = case.sla.clocks.ended();
    if matches!(ended, Some(CancelReason::Merged | CancelReason::TicketDeleted)) {
        return Ok(None);
    }
    let fits = matching(tx, book, case.head.category, case.head.priority).await?;
    let same = case.sla.versions.is_some_and(|versions| versions.policy == fits.policy);
    Ok((!same).then(|| (timeline::TERMS, timeline::terms_entry(&fits, "retarget"))))
}

/// What a ticket that was merged into this one brings: the customer who waits there.
async fn absorb(
    tx: &mut PgConnection,
    entry: &Entry,
) -> Result<Option<(&'static str, Value)>, Error> {
    let Some(from) = entry.data.get("ticketId").and_then(|id| id.as_str()) else { return Ok(None) };
    let Ok(from) = from.parse::<TicketId>() else { return Ok(None) };
    let mut entries = told::whole(tx, from).await?;
    entries.extend(super::adopt::beginning(&entries));
    let waiting = timeline::waiting(&timeline::history(&entries));
    let data = json!({
        "ticketId": from, "unansweredSince": waiting.map(|it| it.since),
        "neverAnswered": waiting.is_some_and(|it| it.never_answered),
    });
    Ok(Some((timeline::ABSORBED, data)))
}

/// Messages that were split off are told to the ticket that they went to.
async fn give(tx: &mut PgConnection, clock: &dyn Clock, entry: &Entry) -> Result<(), Error> {
    let Some(to) = entry.data.get("ticketId").and_then(|id| id.as_str()) else { return Ok(()) };
    let Ok(to) = to.parse::<TicketId>() else { return Ok(()) };
    let head = deadlines::lock(tx, to).await?;
    let mut book = Book::default();
    let Some(stored) = load(tx, &[to], &mut book).await?.remove(&to) else { return Ok(()) };
    let mut case = Case::new(head, stored);
    let mut whole = told::whole(tx, to).await?;
    if let Some((kind, data)) = missing_messages(tx, to, &whole).await? {
        let now = clock.now();
        whole.push(Entry { kind: kind.to_owned(), occurred_at: now, data: data.clone() });
        case.sla = rebuild(tx, &whole, &mut book).await?;
        case.entries.push((kind, data));
        case.advance(now, &book);
        record(tx, clock, now, &[case], &book, true).await?;
    }
    Ok(())
}

/// The service level by the whole timeline.
pub(super) async fn rebuild(
    tx: &mut PgConnection,
    entries: &[Entry],
    book: &mut Book,
) -> Result<TicketSla, Error> {
    let told = timeline::history(entries);
    look_up_all(tx, book, &told, None).await?;
    Ok(TicketSla::rebuilt(&told, book))
}

/// Looks up all versions that are told of, beginning with `current`.
pub(super) async fn look_up_all(
    tx: &mut PgConnection,
    book: &mut Book,
    told: &[Told],
    current: Option<Versions>,
) -> Result<(), Error> {
    let mut versions = current;
    for told in told {
        match &told.what {
            What::Begun { versions: begun, .. } => versions = *begun,
            What::Terms(terms) => versions = Some(*terms),
            What::Calendar(version) => {
                versions = versions.map(|it| Versions { calendar_version: *version, ..it });
            }
            _ => continue,
        }
        if let Some(versions) = &versions {
            look_up(tx, book, versions).await?;
        }
    }
    Ok(())
}

/// What a ticket counts by as it is stored, for those who look at it without changing it.
pub(super) async fn stored(
    connection: &mut PgConnection,
    head: &Head,
    book: &mut Book,
) -> Result<Option<Stored>, Error> {
    Ok(load(connection, &[head.id], book).await?.remove(&head.id))
}
