//! Tickets that are older than the clocks: their clocks are made from the timeline, and from the
//! messages where those are older than the timeline.

use chrono::{DateTime, Utc};
use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;
use serde_json::{Value, json};

use super::case::Case;
use super::live::{matching, rebuild};
use super::record::record;
use super::store::Stored;
use crate::ids::TicketId;
use crate::messages;
use crate::sla::error::Error;
use crate::sla::repo;
use crate::sla::ticket::Book;
use crate::sla::timeline;
use crate::tickets::model::{Entry, Head};
use crate::tickets::service::{deadlines, timeline as told};

/// How many tickets are looked at in one go.
const BATCH: i64 = 500;

/// Makes the clocks of a locked ticket that has none; answers its earliest deadline. What ran out
/// before is history, and alerts nobody.
pub(super) async fn adopt(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    head: Head,
    with_deadline: bool,
) -> Result<Option<DateTime<Utc>>, Error> {
    let now = clock.now();
    let mut book = Book::default();
    let mut entries = told::whole(tx, head.id).await?;
    let versions = matching(tx, &mut book, head.category, head.priority).await?;
    let mut own: Vec<(&'static str, Value)> = Vec::new();
    own.extend(missing_messages(tx, head.id, &entries).await?);
    let by_customer = is_by_customer(&entries);
    let begun = timeline::begin_entry(Some(&versions), "adopted", by_customer, head.created_at);
    own.push((timeline::TERMS, begun));
    entries.extend(own.iter().map(|(kind, data)| Entry {
        kind: (*kind).to_owned(),
        occurred_at: now,
        data: data.clone(),
    }));
    let mut case = Case::new(head, Stored::default());
    case.sla = rebuild(tx, &entries, &mut book).await?;
    case.entries = own;
    case.advance(now, &book);
    let due = case.sla.due_at();
    record(tx, clock, now, &[case], &book, with_deadline).await?;
    Ok(due)
}

fn is_by_customer(entries: &[Entry]) -> bool {
    let created = entries.iter().find(|entry| entry.kind == "created").map(|entry| &entry.data);
    let told = created.and_then(|data| data.get("byCustomer")).and_then(Value::as_bool);
    let channel = created.and_then(|data| data.pointer("/after/channel")).and_then(Value::as_str);
    told.unwrap_or(channel != Some("agent"))
}

/// How the clocks of a timeline would begin, where it does not say it itself.
pub(super) fn beginning(entries: &[Entry]) -> Option<Entry> {
    let told = entries.iter().flat_map(timeline::told);
    let begun = |told: timeline::Told| matches!(told.what, timeline::What::Begun { .. });
    let first = entries.iter().find(|entry| entry.kind == "created")?;
    if told.into_iter().any(begun) {
        return None;
    }
    let at = first.occurred_at;
    let data = timeline::begin_entry(None, "adopted", is_by_customer(entries), at);
    Some(Entry { kind: timeline::TERMS.to_owned(), occurred_at: at, data })
}

/// The entry that tells of the ticket's messages that its timeline does not tell of.
pub(super) async fn missing_messages(
    tx: &mut PgConnection,
    ticket: TicketId,
    entries: &[Entry],
) -> Result<Option<(&'static str, Value)>, Error> {
    let known = timeline::known_messages(entries);
    let heads = messages::service::heads(tx, ticket).await?;
    let missing: Vec<Value> = heads
        .into_iter()
        .filter(|head| !known.contains(&head.id))
        .map(|head| {
            json!({"messageId": head.id, "senderType": head.sender_type,
                "internal": head.is_internal, "automatic": head.is_automatic,
                "createdAt": head.created_at})
        })
        .collect();
    Ok((!missing.is_empty()).then(|| (timeline::MESSAGES, json!({"messages": missing}))))
}

/// Makes the clocks of a ticket, where it has none.
///
/// # Errors
/// The ticket does not exist; a database fault.
pub async fn ensure(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: TicketId,
) -> Result<(), Error> {
    let head = deadlines::lock(tx, ticket).await?;
    if repo::known(tx, &[ticket]).await?.is_empty() {
        adopt(tx, clock, head, true).await?;
    }
    Ok(())
}

/// Open tickets after `after` that have no clocks, and the last ticket that was looked at; nothing
/// more comes after it where there is none.
///
/// # Errors
/// A database fault.
pub async fn strangers(
    connection: &mut PgConnection,
    after: TicketId,
) -> Result<(Vec<TicketId>, Option<TicketId>), Error> {
    let open = deadlines::open_after(connection, after, BATCH).await?;
    let known = repo::known(connection, &open).await?;
    let last = open.last().copied();
    let strangers = open.into_iter().filter(|id| !known.contains(id)).collect();
    Ok((strangers, last))
}
