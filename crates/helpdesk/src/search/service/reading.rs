//! Reads a query by the words that there are.

use kamhub_postgres::PgConnection;

use crate::search::distance::{allowed, one_slip_away};
use crate::search::error::Error;
use crate::search::ladder::{self, Reading, Repairs, Vocabulary};
use crate::search::query::Query;
use crate::search::repo::words;
use crate::search::service::vocabulary::{Collection, WordMemory, vocabulary};

/// Words up to this length are repaired by trying every slip; longer ones by their trigrams.
const SHORT: usize = 7;

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
    let mistyped: Vec<String> = mistyped.into_iter().collect();
    let repairs = near(connection, &mistyped, &collection.scopes).await?;
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
    reading: &Reading,
    scopes: &[String],
) -> Result<Option<String>, Error> {
    let doubtful = ladder::doubtful(reading);
    if doubtful.is_empty() {
        return Ok(None);
    }
    let repairs = near(connection, &doubtful, scopes).await?;
    Ok(ladder::meant(reading, &repairs))
}

async fn near(
    connection: &mut PgConnection,
    mistyped: &[String],
    scopes: &[String],
) -> Result<Repairs, Error> {
    let (mut slips, mut of) = (Vec::new(), Vec::new());
    for (place, word) in mistyped.iter().enumerate() {
        let letters = word.chars().count();
        if letters <= SHORT && allowed(letters) > 0 {
            let tried = one_slip_away(word);
            let place = i32::try_from(place + 1).unwrap_or_default();
            of.extend(std::iter::repeat_n(place, tried.len()));
            slips.extend(tried);
        }
    }
    Ok(words::near(connection, mistyped, &slips, &of, scopes).await?)
}
