//! Reads new tickets and messages in the background: identifiers at once, words when no transaction can still
//! bring a text before them. Creating a ticket costs nothing for it.

use chrono::TimeDelta;
use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;

use crate::search::error::Error;
use crate::search::identifiers;
use crate::search::model::DocumentKind;
use crate::search::repo::learn::{self, Text};

/// The most texts of one run.
const BATCH: i64 = 2_000;
/// No transaction of the product is open for so long (statement and idle limits of the pool and the server).
const LONGEST_TRANSACTION: TimeDelta = TimeDelta::seconds(120);

/// Reads what is new of one kind, at most one batch; answers whether there is more to read at once.
///
/// # Errors
/// A database fault.
pub async fn learn(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    kind: DocumentKind,
) -> Result<bool, Error> {
    let Some(mut cursor) = learn::cursor(tx, kind).await? else { return Ok(false) };
    let now = clock.now();
    let texts = learn::texts(tx, kind, cursor.done_id, BATCH).await?;
    let Some(last) = texts.last().map(|text| text.id) else { return Ok(false) };
    store_identifiers(tx, kind, &texts).await?;
    let settled = cursor.seen_at.is_some_and(|seen| now - seen >= LONGEST_TRANSACTION);
    let mut more = false;
    if settled && cursor.seen_id > cursor.done_id {
        let until = last.min(cursor.seen_id);
        learn::count_words(tx, kind, cursor.done_id, until).await?;
        cursor.done_id = until;
        more = until < cursor.seen_id;
    }
    if !more && (settled || cursor.seen_at.is_none()) {
        cursor.seen_id = learn::last_id(tx, kind).await?;
        cursor.seen_at = Some(now);
    }
    learn::move_cursor(tx, kind, &cursor).await?;
    Ok(more)
}

async fn store_identifiers(
    tx: &mut PgConnection,
    kind: DocumentKind,
    texts: &[Text],
) -> Result<(), Error> {
    let (mut found, mut ids) = (Vec::new(), Vec::new());
    for text in texts {
        for identifier in identifiers::of(&text.text) {
            found.push(identifier);
            ids.push(text.id);
        }
    }
    if !found.is_empty() {
        learn::store_identifiers(tx, kind, &found, &ids).await?;
    }
    Ok(())
}
