//! What is known of words: from the database, and what it answered before from memory.

use kamhub_postgres::PgConnection;
use moka::sync::Cache;

use crate::search::distance::{Candidate, allowed, one_slip_away};
use crate::search::error::Error;
use crate::search::ladder::{Known, Repairs, Vocabulary};
use crate::search::model::Reach;
use crate::search::repo::words;

/// How many words the process remembers.
const REMEMBERED_AT_MOST: u64 = 20_000;
/// How many words near to slips, all slips together: anybody may type what many words are near to.
const NEAR_AT_MOST: u64 = 100_000;
/// Words up to this length are repaired by trying every slip; longer ones by their trigrams.
const SHORT: usize = 7;

/// What was known of words, and which were near to mistyped ones, each under the state of the texts at that time: whoever
/// has read a newer state finds none of it. Words come back in other queries, unlike whole queries; slips do as well.
#[derive(Debug)]
pub struct WordMemory {
    known: Cache<String, Known>,
    near: Cache<String, Vec<Candidate>>,
}

impl Default for WordMemory {
    fn default() -> Self {
        let words = |_: &String, near: &Vec<Candidate>| {
            u32::try_from(near.len()).unwrap_or(u32::MAX).saturating_add(1)
        };
        let near = Cache::builder().weigher(words).max_capacity(NEAR_AT_MOST).build();
        Self { known: Cache::new(REMEMBERED_AT_MOST), near }
    }
}

/// The texts whose words count for a caller, and the state they are in.
pub(super) struct Collection {
    pub(super) scopes: Vec<String>,
    pub(super) documents: i64,
    /// Differs from what it was before any text was counted in or out.
    pub(super) state: String,
}

impl Collection {
    /// The texts that the caller's words are compared with, as they are now.
    ///
    /// # Errors
    /// A database fault.
    pub(super) async fn of(connection: &mut PgConnection, reach: Reach) -> Result<Self, Error> {
        let scopes = reach.scopes();
        let found = words::scopes(connection, &scopes).await?;
        let state = format!("{} {} {}", scopes.join(" "), found.generation, found.documents);
        Ok(Self { scopes, documents: found.documents, state })
    }

    /// The name of a word in a memory.
    fn key(&self, word: &str) -> String {
        format!("{} {word}", self.state)
    }
}

/// What is known of these words in this collection.
///
/// # Errors
/// A database fault.
pub(super) async fn vocabulary(
    connection: &mut PgConnection,
    memory: &WordMemory,
    collection: &Collection,
    wanted: impl IntoIterator<Item = String>,
) -> Result<Vocabulary, Error> {
    let (mut vocabulary, mut new) = (Vocabulary::new(), Vec::new());
    for word in wanted {
        match memory.known.get(&collection.key(&word)) {
            Some(known) => drop(vocabulary.insert(word, known)),
            None => new.push(word),
        }
    }
    if !new.is_empty() {
        let found = words::vocabulary(connection, &new, &collection.scopes).await?;
        for (word, known) in &found {
            memory.known.insert(collection.key(word), known.clone());
        }
        vocabulary.extend(found);
    }
    Ok(vocabulary)
}

/// The words of this collection that each of these may have been meant as.
///
/// # Errors
/// A database fault.
pub(super) async fn near(
    connection: &mut PgConnection,
    memory: &WordMemory,
    collection: &Collection,
    mistyped: impl IntoIterator<Item = String>,
) -> Result<Repairs, Error> {
    let (mut repairs, mut new) = (Repairs::new(), Vec::new());
    for word in mistyped {
        match memory.near.get(&collection.key(&word)) {
            Some(near) => drop(repairs.insert(word, near)),
            None => new.push(word),
        }
    }
    if new.is_empty() {
        return Ok(repairs);
    }
    let (mut slips, mut of) = (Vec::new(), Vec::new());
    for (place, word) in (1..).zip(&new) {
        let letters = word.chars().count();
        if letters <= SHORT && allowed(letters) > 0 {
            let tried = one_slip_away(word);
            of.extend(std::iter::repeat_n(place, tried.len()));
            slips.extend(tried);
        }
    }
    let mut found = words::near(connection, &new, &slips, &of, &collection.scopes).await?;
    for word in new {
        let near = found.remove(&word).unwrap_or_default();
        memory.near.insert(collection.key(&word), near.clone());
        repairs.insert(word, near);
    }
    Ok(repairs)
}
