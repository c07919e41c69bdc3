//! Reads a query by the words that there are.

use kamhub_postgres::PgConnection;

use crate::search::distance::{allowed, one_slip_away};
use crate::search::error::Error;
use crate::search::ladder::{self, Reading, Repairs, Vocabulary};
use crate::search::query::Query;
use crate::search::repo::words;

/// Words up to this length are repaired by trying every slip; longer ones by their trigrams.
const SHORT: usize = 7;

/// Reads the query with the words of these scopes.
///
/// # Errors
/// A database fault.
pub(super) async fn read(
    connection: &mut PgConnection,
    query: &Query,
    scopes: &[String],
) -> Result<Reading, Error> {
    let wanted: Vec<String> = ladder::words_to_look_up(query).into_iter().collect();
    let mut vocabulary = words::vocabulary(connection, &wanted, scopes).await?;
    let mistyped = ladder::words_to_repair(query, &vocabulary);
    if mistyped.is_empty() {
        return Ok(ladder::read(query, &vocabulary, &Repairs::new()));
    }
    let parts: Vec<String> = ladder::words_to_split(&mistyped).into_iter().collect();
    vocabulary.extend(words::vocabulary(connection, &parts, scopes).await?);
    let mistyped: Vec<String> = mistyped.into_iter().collect();
    let repairs = near(connection, &mistyped, scopes).await?;
    let read = ladder::read(query, &vocabulary, &repairs);
    let fresh: Vec<String> = read
        .slots
        .iter()
        .filter(|slot| !vocabulary.contains_key(&slot.word))
        .map(|slot| slot.word.clone())
        .collect();
    if fresh.is_empty() {
        return Ok(read);
    }
    let more: Vocabulary = words::vocabulary(connection, &fresh, scopes).await?;
    vocabulary.extend(more);
    Ok(ladder::read(query, &vocabulary, &repairs))
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
