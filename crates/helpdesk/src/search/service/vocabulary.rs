//! What is known of words: from the database, and what it answered before from memory.

use kamhub_postgres::PgConnection;
use moka::sync::Cache;

use crate::search::error::Error;
use crate::search::ladder::{Known, Vocabulary};
use crate::search::model::Reach;
use crate::search::repo::words;

/// How many words the process remembers.
const REMEMBERED_AT_MOST: u64 = 20_000;

/// What was known of words, each under the state of the texts at that time: whoever has read a newer state finds none of
/// it. Words come back in other queries, unlike whole queries.
#[derive(Debug)]
pub struct WordMemory(Cache<String, Known>);

impl Default for WordMemory {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED_AT_MOST))
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
    let key = |word: &str| format!("{} {word}", collection.state);
    let (mut vocabulary, mut new) = (Vocabulary::new(), Vec::new());
    for word in wanted {
        match memory.0.get(&key(&word)) {
            Some(known) => drop(vocabulary.insert(word, known)),
            None => new.push(word),
        }
    }
    if !new.is_empty() {
        let found = words::vocabulary(connection, &new, &collection.scopes).await?;
        for (word, known) in &found {
            memory.0.insert(key(word), known.clone());
        }
        vocabulary.extend(found);
    }
    Ok(vocabulary)
}
