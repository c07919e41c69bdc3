//! Reads a query by the words that there are.

use kamhub_postgres::PgConnection;

use crate::search::error::Error;
use crate::search::ladder::{self, Reading, Repairs, Vocabulary};
use crate::search::query::Query;
use crate::search::service::vocabulary::{Collection, WordMemory, near, vocabulary};

/// A query as it is read, and as it was typed where that differs.
pub(super) struct Read {
    pub(super) reading: Reading,
    pub(super) typed: Option<Reading>,
}

impl Read {
    fn of(query: &Query, vocabulary: &Vocabulary, repairs: &Repairs) -> Self {
        let reading = ladder::read(query, vocabulary, repairs);
        let differs = reading.corrected.is_some();
        Self { reading, typed: differs.then(|| ladder::as_typed(query, vocabulary)) }
    }
}

/// Reads the query with the words of this collection.
///
/// # Errors
/// A database fault.
pub(super) async fn read(
    connection: &mut PgConnection,
    memory: &WordMemory,
    collection: &Collection,
    query: &Query,
) -> Result<Read, Error> {
    let wanted = ladder::words_to_look_up(query);
    let mut known = vocabulary(connection, memory, collection, wanted).await?;
    let mistyped = ladder::words_to_repair(query, &known);
    if mistyped.is_empty() {
        return Ok(Read::of(query, &known, &Repairs::new()));
    }
    let parts = ladder::words_to_split(&mistyped);
    known.extend(vocabulary(connection, memory, collection, parts).await?);
    let repairs = near(connection, memory, collection, mistyped).await?;
    let read = Read::of(query, &known, &repairs);
    let fresh: Vec<String> = read
        .reading
        .slots
        .iter()
        .filter(|slot| !known.contains_key(&slot.word))
        .map(|slot| slot.word.clone())
        .collect();
    if fresh.is_empty() {
        return Ok(read);
    }
    known.extend(vocabulary(connection, memory, collection, fresh).await?);
    Ok(Read::of(query, &known, &repairs))
}

/// What may have been meant by a query of which little was found.
///
/// # Errors
/// A database fault.
pub(super) async fn meant(
    connection: &mut PgConnection,
    memory: &WordMemory,
    collection: &Collection,
    reading: &Reading,
) -> Result<Option<String>, Error> {
    let doubtful = ladder::doubtful(reading);
    if doubtful.is_empty() {
        return Ok(None);
    }
    let repairs = near(connection, memory, collection, doubtful).await?;
    Ok(ladder::meant(reading, &repairs))
}
