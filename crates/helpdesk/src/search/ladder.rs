//! The decisions of the ladder (semantics, section 5): how each part of a query is read, given which
//! words there are; no I/O.
//!
//! A part whose words all stand in texts is taken as it is. Otherwise it is read in the other keyboard
//! layout, then repaired, then read in the other alphabet, and the first way that leads to known words
//! wins. What cannot be read any other way stays, and finds nothing by itself.

use std::collections::{BTreeMap, BTreeSet};

use super::distance::{self, Candidate};
use super::model::{CorrectedBy, Correction};
use super::query::{Chunk, Query, fold};
use super::{keyboard, translit};

/// A word in at most so many texts may be a slip of their authors.
const HARDLY_EVER: i64 = 2;
/// So many times commoner is the word that was meant instead.
const MUCH_COMMONER: i64 = 5;

/// What is known of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its stem.
    pub lexeme: String,
    /// Whether it says nothing by itself.
    pub stop: bool,
    /// In how many texts the stem stands.
    pub documents: i64,
    /// Other stems of the same word: `денег` is not stemmed as `деньги` is.
    pub same: Vec<String>,
    /// Words that begin alike, and in how many texts each stands: `бронь` and `бронирование`.
    pub related: Vec<(String, i64)>,
}

/// What is known of words, by word.
pub type Vocabulary = BTreeMap<String, Known>;
/// Words near to mistyped ones, by mistyped word.
pub type Repairs = BTreeMap<String, Vec<Candidate>>;

/// Every word whose place in the vocabulary the decisions may ask for.
pub fn words_to_look_up(query: &Query) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    for chunk in &query.chunks {
        wanted.extend(chunk.words.iter().cloned());
        if chunk.is_literal() {
            continue;
        }
        wanted.extend(swapped_words(chunk));
        for word in &chunk.words {
            wanted.extend(translit::readings(word));
        }
    }
    wanted
}

/// The words for which repairs are worth looking for: unknown in both layouts and alphabets.
pub fn words_to_repair(query: &Query, vocabulary: &Vocabulary) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    for chunk in query.chunks.iter().filter(|chunk| !chunk.is_literal()) {
        if is_known(&chunk.words, vocabulary) {
            continue;
        }
        let swapped = swapped_words(chunk);
        if !swapped.is_empty() && is_known(&swapped, vocabulary) {
            continue;
        }
        let unknown = |word: &&String| !is_word_known(word, vocabulary);
        wanted.extend(chunk.words.iter().filter(unknown).cloned());
        wanted.extend(swapped.iter().filter(unknown).cloned());
    }
    wanted.retain(|word| word.chars().all(char::is_alphabetic));
    wanted
}

/// The parts that unknown words may consist of where a space is missing: `личныйкабинет`.
pub fn words_to_split(mistyped: &BTreeSet<String>) -> BTreeSet<String> {
    let parts = mistyped.iter().flat_map(|word| splits(word));
    parts.flat_map(|(head, tail)| [head, tail]).collect()
}

/// Every way to cut a word in two of at least three letters.
fn splits(word: &str) -> Vec<(String, String)> {
    let cuts = word.char_indices().map(|(at, _)| word.split_at(at));
    cuts.filter(|(head, tail)| head.chars().count() >= 3 && tail.chars().count() >= 3)
        .map(|(head, tail)| (head.to_owned(), tail.to_owned()))
        .collect()
}

/// A word as it will be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The word as it is read.
    pub word: String,
    /// What is known of it.
    pub known: Known,
    /// The quoted part or the address it belongs to.
    pub phrase: Option<usize>,
}

/// A query as it will be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its words, in order.
    pub slots: Vec<Slot>,
    /// How it was read differently from how it was typed.
    pub corrected: Option<Correction>,
}

/// Reads a query by what is known.
pub fn read(query: &Query, vocabulary: &Vocabulary, repairs: &Repairs) -> Reading {
    let mut slots = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    let mut reasons: BTreeSet<usize> = BTreeSet::new();
    for (place, chunk) in query.chunks.iter().enumerate() {
        let (words, by) = read_chunk(chunk, vocabulary, repairs);
        shown.push(match by {
            Some(_) => words.join(" "),
            None if chunk.quoted => format!("«{}»", chunk.text),
            None => chunk.text.clone(),
        });
        reasons.extend(by.and_then(|by| CorrectedBy::ALL.iter().position(|known| *known == by)));
        let phrase = chunk.is_literal().then_some(place);
        slots.extend(words.into_iter().map(|word| slot(word, phrase, vocabulary)));
    }
    let corrected = reasons
        .first()
        .and_then(|first| CorrectedBy::ALL.get(*first))
        .map(|by| Correction { from: query.text.clone(), to: shown.join(" "), by: *by });
    Reading { slots, corrected }
}

/// The query with every word as it was typed.
pub fn as_typed(query: &Query, vocabulary: &Vocabulary) -> Reading {
    let slots = query.chunks.iter().enumerate().flat_map(|(place, chunk)| {
        let phrase = chunk.is_literal().then_some(place);
        chunk.words.iter().map(move |word| slot(word.clone(), phrase, vocabulary))
    });
    Reading { slots: slots.collect(), corrected: None }
}

fn slot(word: String, phrase: Option<usize>, vocabulary: &Vocabulary) -> Slot {
    let known = vocabulary.get(&word).cloned().unwrap_or_else(|| Known {
        lexeme: word.clone(),
        stop: false,
        documents: 0,
        same: Vec::new(),
        related: Vec::new(),
    });
    Slot { word, known, phrase }
}

fn read_chunk(
    chunk: &Chunk,
    vocabulary: &Vocabulary,
    repairs: &Repairs,
) -> (Vec<String>, Option<CorrectedBy>) {
    if chunk.is_literal() || is_known(&chunk.words, vocabulary) && !chunk.words.is_empty() {
        return (chunk.words.clone(), None);
    }
    let swapped = swapped_words(chunk);
    if !swapped.is_empty() && is_known(&swapped, vocabulary) {
        return (swapped, Some(CorrectedBy::Keyboard));
    }
    let mut by = None;
    let words: Vec<String> = chunk
        .words
        .iter()
        .flat_map(|word| match other_reading(word, vocabulary, repairs) {
            Some((better, reason)) => {
                by = Some(reason);
                better
            }
            None => vec![word.clone()],
        })
        .collect();
    if by.is_none() && !swapped.is_empty() {
        let repaired: Option<Vec<String>> = swapped
            .iter()
            .map(|word| match is_word_known(word, vocabulary) {
                true => Some(word.clone()),
                false => repair(word, repairs),
            })
            .collect();
        if let Some(repaired) = repaired {
            return (repaired, Some(CorrectedBy::Keyboard));
        }
    }
    (words, by)
}

/// What else an unknown word may be. A word of the other alphabet that stands in texts letter by letter
/// is better evidence than one that is only near.
fn other_reading(
    word: &str,
    vocabulary: &Vocabulary,
    repairs: &Repairs,
) -> Option<(Vec<String>, CorrectedBy)> {
    if is_word_known(word, vocabulary) {
        return None;
    }
    let spelled = translit::readings(word)
        .into_iter()
        .enumerate()
        .filter_map(|(place, reading)| {
            let known = vocabulary.get(&reading).filter(|known| known.documents > 0)?;
            Some((known.documents, std::cmp::Reverse(place), reading))
        })
        .max();
    match (spelled, repair(word, repairs)) {
        (Some((.., spelled)), _) => Some((vec![spelled], CorrectedBy::Transliteration)),
        (None, Some(repaired)) => Some((vec![repaired], CorrectedBy::Typo)),
        (None, None) => split(word, vocabulary).map(|parts| (parts, CorrectedBy::Typo)),
    }
}

/// The two known words that a word consists of, where there are such: those of which the rarer is commonest.
fn split(word: &str, vocabulary: &Vocabulary) -> Option<Vec<String>> {
    let documents = |part: &str| vocabulary.get(part).map_or(0, |known| known.documents);
    splits(word)
        .into_iter()
        .map(|(head, tail)| (documents(&head).min(documents(&tail)), head, tail))
        .filter(|(documents, ..)| *documents > 0)
        .max()
        .map(|(_, head, tail)| vec![head, tail])
}

/// Of a reading that was taken as it stands, the words that may be slips after all: they stand in texts, but in so few that a
/// text may have the same slip. None where anything is quoted.
pub fn doubtful(reading: &Reading) -> Vec<String> {
    if reading.corrected.is_some() || reading.slots.iter().any(|slot| slot.phrase.is_some()) {
        return Vec::new();
    }
    let doubtful = |slot: &&Slot| {
        !slot.known.stop
            && slot.known.documents <= HARDLY_EVER
            && slot.word.chars().all(char::is_alphabetic)
    };
    reading.slots.iter().filter(doubtful).map(|slot| slot.word.clone()).collect()
}

/// The query with its doubtful words replaced by near ones that are much commoner; `None` where there are none.
pub fn meant(reading: &Reading, repairs: &Repairs) -> Option<String> {
    let mut differs = false;
    let words: Vec<String> = reading
        .slots
        .iter()
        .map(|slot| {
            let commoner =
                |near: &&Candidate| near.documents >= MUCH_COMMONER * slot.known.documents.max(1);
            let near = repairs.get(&slot.word).into_iter().flatten().filter(commoner);
            match distance::nearest(&slot.word, near.cloned().collect()) {
                Some(better) => {
                    differs = true;
                    better.word
                }
                None => slot.word.clone(),
            }
        })
        .collect();
    differs.then(|| words.join(" "))
}

fn repair(word: &str, repairs: &Repairs) -> Option<String> {
    distance::nearest(word, repairs.get(word)?.clone()).map(|candidate| candidate.word)
}

fn swapped_words(chunk: &Chunk) -> Vec<String> {
    keyboard::swapped(&chunk.text).map(|text| fold(&text)).unwrap_or_default()
}

fn is_known(words: &[String], vocabulary: &Vocabulary) -> bool {
    words.iter().all(|word| is_word_known(word, vocabulary))
}

fn is_word_known(word: &str, vocabulary: &Vocabulary) -> bool {
    let number = word.chars().all(|sign| sign.is_ascii_digit());
    number || vocabulary.get(word).is_some_and(|known| known.stop || known.documents > 0)
}

#[cfg(test)]
mod tests;
