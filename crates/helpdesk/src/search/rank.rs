//! How documents are weighed: the words of a reading as queries of the index, and what each counts; no
//! I/O.
//!
//! A word counts by how rare it is, where it stands (title, heading, tag, text) and how often; a document by
//! how much of the query it has, how much of its title that is, and how near to each other the words stand.

use super::identifiers;
use super::ladder::{Reading, Slot};

/// Weights of text, tags, headings and title, as `ts_rank` takes them.
pub const PLACES: [f32; 4] = [0.16, 0.25, 0.45, 1.0];
/// What a word that only begins alike counts, of what the word itself would.
pub const RELATED: f64 = 0.35;
/// What the share of the query that stands in the title adds.
pub const TITLE: f64 = 0.6;
/// What words that stand near each other add.
pub const NEAR: f64 = 0.3;
/// An any-word search reads documents that have the rarest words, until so many may have them.
const MOST_RARE: i64 = 600;

/// One word, or one quoted part, as it is weighed.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The query of the index that finds it.
    pub exact: String,
    /// The query that finds words that begin alike.
    pub related: Option<String>,
    /// What it counts: the rarer, the more.
    pub weight: f64,
    /// In how many documents it stands.
    pub documents: i64,
    /// Whether a document must have it: a quoted part.
    pub required: bool,
}

/// A reading as queries of the index.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// What is weighed, in the order of the query.
    pub terms: Vec<Term>,
    /// The query that finds a document with one of the identifiers.
    pub identifiers: Option<String>,
    /// How many texts there are.
    collection: i64,
}

impl Terms {
    /// The terms of a reading in a collection of so many documents. Words that say nothing by
    /// themselves are left out where there are others.
    pub fn of(reading: &Reading, identifiers: &[String], collection: i64) -> Self {
        let telling = reading.slots.iter().any(|slot| !slot.known.stop && slot.phrase.is_none())
            || reading.slots.iter().any(|slot| slot.phrase.is_some());
        let mut terms: Vec<Term> = Vec::new();
        let mut phrase: Vec<&Slot> = Vec::new();
        for slot in &reading.slots {
            if phrase.first().is_some_and(|first| first.phrase != slot.phrase) {
                terms.push(quoted(&std::mem::take(&mut phrase), collection));
            }
            if slot.phrase.is_some() {
                phrase.push(slot);
            } else if !(telling && slot.known.stop) {
                let term = single(slot, collection);
                if !terms.iter().any(|known| known.exact == term.exact) {
                    terms.push(term);
                }
            }
        }
        if !phrase.is_empty() {
            terms.push(quoted(&phrase, collection));
        }
        let identifiers: Vec<String> =
            identifiers.iter().filter_map(|identifier| identifier_query(identifier)).collect();
        let identifiers = (!identifiers.is_empty()).then(|| identifiers.join(" | "));
        Self { terms, identifiers, collection }
    }

    /// Finds documents that have every term, or a word that begins like it.
    pub fn all(&self) -> Option<String> {
        join(self.terms.iter().map(Term::loose), " & ")
    }

    /// Finds documents that have every term itself.
    pub fn exactly_all(&self) -> Option<String> {
        join(self.terms.iter().map(|term| format!("({})", term.exact)), " & ")
    }

    /// Finds documents that have the rarest terms, as far as these are few enough; quoted parts are in
    /// all of them.
    pub fn rarest(&self) -> Option<String> {
        self.with_required(join(self.rarest_free().map(Term::loose), " | "))
    }

    fn rarest_free(&self) -> impl Iterator<Item = &Term> {
        let mut free: Vec<&Term> =
            self.terms.iter().filter(|term| !term.required && term.documents > 0).collect();
        free.sort_by_key(|term| term.documents);
        let mut counted = 0;
        free.into_iter().take_while(move |term| {
            let fits = counted == 0 || counted + term.documents <= MOST_RARE;
            counted += term.documents;
            fits
        })
    }

    /// Finds documents that have any term.
    pub fn any(&self) -> Option<String> {
        let free = self.terms.iter().filter(|term| !term.required);
        self.with_required(join(free.map(|term| format!("({})", term.exact)), " | "))
    }

    fn with_required(&self, free: Option<String>) -> Option<String> {
        let required = self.terms.iter().filter(|term| term.required);
        let required = join(required.map(|term| format!("({})", term.exact)), " & ");
        match (free, required) {
            (Some(free), Some(required)) => Some(format!("({free}) & {required}")),
            (free, required) => free.or(required),
        }
    }

    /// The share of all texts that may have every term, or the rarest one. Words that are asked for together stand
    /// together more often than by chance, so each further one counts by the root of the one before.
    // Counts of documents stay far below where a float loses integers.
    #[allow(clippy::cast_precision_loss)]
    pub fn share(&self, all: bool) -> f64 {
        let of = |term: &Term| term.documents as f64 / self.collection.max(1) as f64;
        let mut shares: Vec<f64> = self.terms.iter().map(of).collect();
        shares.sort_by(f64::total_cmp);
        if all {
            let mut power = 1.0;
            return shares.into_iter().take(4).fold(1.0, |product, share| {
                let product = product * share.powf(power);
                power /= 2.0;
                product
            });
        }
        shares.into_iter().find(|share| *share > 0.0).unwrap_or(1.0)
    }

    /// How many texts may have every term.
    // Counts of documents stay far below where a float loses integers.
    #[allow(clippy::cast_precision_loss)]
    pub fn expected(&self) -> f64 {
        self.share(true) * self.collection as f64
    }

    /// How many texts may have one of the [rarest](Self::rarest) terms.
    // Counts of documents stay far below where a float loses integers.
    #[allow(clippy::cast_precision_loss)]
    pub fn expected_of_rarest(&self) -> f64 {
        self.rarest_free().map(|term| term.documents).sum::<i64>() as f64
    }

    /// How many texts there are.
    pub fn collection(&self) -> i64 {
        self.collection
    }

    /// The sum of all weights; never zero.
    pub fn total_weight(&self) -> f64 {
        self.terms.iter().map(|term| term.weight).sum::<f64>().max(f64::MIN_POSITIVE)
    }
}

impl Term {
    fn loose(&self) -> String {
        match &self.related {
            Some(related) => format!("({} | {related})", self.exact),
            None => format!("({})", self.exact),
        }
    }
}

fn single(slot: &Slot, collection: i64) -> Term {
    let known = &slot.known;
    let exact = std::iter::once(&known.lexeme).chain(&known.same).map(|lexeme| quote(lexeme));
    Term {
        exact: exact.collect::<Vec<_>>().join(" | "),
        related: join(known.related.iter().map(|(lexeme, _)| quote(lexeme)), " | "),
        weight: weight(known.documents, collection),
        documents: known.documents.max(known.related.iter().map(|(_, count)| *count).sum()),
        required: false,
    }
}

fn quoted(slots: &[&Slot], collection: i64) -> Term {
    let rarest = slots.iter().map(|slot| slot.known.documents).min().unwrap_or_default();
    let words = slots.iter().map(|slot| quote(&slot.known.lexeme)).collect::<Vec<_>>();
    Term {
        exact: words.join(" <-> "),
        related: None,
        weight: weight(rarest, collection),
        documents: rarest,
        required: true,
    }
}

/// Finds texts with words that begin like each of these; `None` where there are none.
pub fn beginnings(words: &[String]) -> Option<String> {
    join(words.iter().map(|word| format!("{}:*", quote(word))), " & ")
}

/// The inverse document frequency of BM25.
// Counts of documents stay far below where a float loses integers.
#[allow(clippy::cast_precision_loss)]
fn weight(documents: i64, collection: i64) -> f64 {
    let (documents, collection) =
        (documents.max(0) as f64, collection.max(documents).max(1) as f64);
    (1.0 + (collection - documents + 0.5) / (documents + 0.5)).ln()
}

/// A code is found as one word or as its letters and digits one after the other; an address by its words.
fn identifier_query(identifier: &str) -> Option<String> {
    let parts = identifiers::parts(identifier);
    if parts.len() < 2 {
        return None;
    }
    let apart = parts.iter().map(|part| quote(part)).collect::<Vec<_>>().join(" <-> ");
    Some(match identifier.contains('@') {
        true => format!("({apart})"),
        false => format!("({apart} | {})", quote(identifier)),
    })
}

fn join(parts: impl Iterator<Item = String>, sign: &str) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(sign))
}

/// A lexeme as `tsquery` reads it.
fn quote(lexeme: &str) -> String {
    format!("'{}'", lexeme.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::ladder::Known;

    fn slot(word: &str, documents: i64, stop: bool, phrase: Option<usize>) -> Slot {
        let known = Known {
            lexeme: word.to_owned(),
            stop,
            documents,
            same: Vec::new(),
            related: vec![(format!("{word}ик"), 2)],
        };
        Slot { word: word.to_owned(), known, phrase }
    }

    fn terms(slots: Vec<Slot>) -> Terms {
        Terms::of(&Reading { slots, corrected: None }, &["e1042".to_owned()], 1000)
    }

    #[test]
    fn words_become_queries_of_the_index() {
        let found = terms(vec![slot("за", 900, true, None), slot("тур", 400, false, None)]);
        assert_eq!(found.all().as_deref(), Some("('тур' | 'турик')"));
        assert_eq!(found.identifiers.as_deref(), Some("('e' <-> '1042' | 'e1042')"));
        let only_stop = terms(vec![slot("за", 900, true, None)]);
        assert_eq!(only_stop.any().as_deref(), Some("('за')"));
    }

    #[test]
    fn a_quoted_part_is_found_as_it_is_and_always() {
        let found = terms(vec![
            slot("не", 800, true, Some(0)),
            slot("закрыт", 5, false, Some(0)),
            slot("тур", 400, false, None),
        ]);
        assert_eq!(found.any().as_deref(), Some("(('тур')) & ('не' <-> 'закрыт')"));
        assert_eq!(found.exactly_all().as_deref(), Some("('не' <-> 'закрыт') & ('тур')"));
    }

    #[test]
    fn many_common_words_are_hardly_ever_together() {
        let common = |words: usize| {
            terms((0..words).map(|word| slot(&format!("тур{word}"), 400, false, None)).collect())
        };
        assert!(common(1).expected() > 399.0);
        assert!(common(2).expected() < 300.0);
        assert!(common(7).expected() < 200.0);
    }

    #[test]
    fn the_rarest_words_are_read_as_far_as_they_are_few() {
        let found = terms(vec![
            slot("тур", 900, false, None),
            slot("пеня", 20, false, None),
            slot("вулкан", 100, false, None),
        ]);
        assert_eq!(
            found.rarest().as_deref(),
            Some("('пеня' | 'пеняик') | ('вулкан' | 'вулканик')")
        );
        assert_eq!(found.expected_of_rarest(), 120.0);
        assert!(found.terms[1].weight > found.terms[2].weight);
    }

    #[test]
    fn nothing_in_a_lexeme_is_read_as_a_sign_of_the_query() {
        assert_eq!(quote("o'neil\\"), "'o''neil\\\\'");
    }
}
