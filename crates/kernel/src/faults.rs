//! Faults of single fields, collected so that a caller learns all of them at once.

use std::collections::BTreeMap;

use serde::Serialize;

/// The most faults that are told of one request: whoever has made more learns of the others when these are
/// gone, and a body of a million mistakes is not answered with as many sentences.
pub const MOST_FAULTS: usize = 100;
/// The most characters of a path or a sentence: a caller may name fields as they like.
const LONGEST: usize = 500;

/// Field faults: JSON field path (dots for nesting) to one sentence; the first [`MOST_FAULTS`] of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Faults(BTreeMap<String, String>);

impl Faults {
    /// No fault yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One fault of one field.
    pub fn of(path: impl Into<String>, sentence: impl Into<String>) -> Self {
        let mut faults = Self::new();
        faults.add(path, sentence);
        faults
    }

    /// Adds a fault; the first one said about a field stays.
    pub fn add(&mut self, path: impl Into<String>, sentence: impl Into<String>) {
        if !self.is_full() {
            self.0.entry(short(path.into())).or_insert_with(|| short(sentence.into()));
        }
    }

    /// Takes over the faults of `other` for fields that have none yet.
    pub fn merge(&mut self, other: Faults) {
        for (path, sentence) in other.0 {
            self.add(path, sentence);
        }
    }

    /// Whether no more faults are told.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST_FAULTS
    }

    /// Whether a fault of this field, or of a field inside it, is known.
    pub fn has(&self, path: &str) -> bool {
        self.0.keys().any(|known| {
            known == path || known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
        })
    }

    /// Whether a fault of exactly this field is known.
    pub fn names(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Whether there is no fault.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, sentence)| (path.as_str(), sentence.as_str()))
    }

    /// `Ok(value)` where there is no fault.
    ///
    /// # Errors
    /// The faults themselves.
    pub fn check<T>(self, value: T) -> Result<T, Faults> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// The first [`LONGEST`] characters.
fn short(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl From<Faults> for BTreeMap<String, String> {
    fn from(faults: Faults) -> Self {
        faults.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_of_a_field_stays() {
        let mut faults = Faults::of("subject", "Subject is required");
        faults.add("subject", "Subject is too long");
        assert_eq!(faults.iter().collect::<Vec<_>>(), [("subject", "Subject is required")]);
    }

    #[test]
    fn only_so_many_faults_are_kept_and_each_is_short() {
        let mut faults = Faults::new();
        for number in 0..1000 {
            faults.add(format!("{number}{}", "é".repeat(10_000)), "wrong ".repeat(10_000));
        }
        assert_eq!(faults.iter().count(), MOST_FAULTS);
        assert!(faults.iter().all(|(path, text)| path.len() < 1100 && text.len() < 600));
    }

    #[test]
    fn a_field_has_a_fault_when_a_part_of_it_has_one() {
        let faults = Faults::of("attachments.0.fileUrl", "Must be an address");
        assert!(faults.has("attachments"));
        assert!(faults.has("attachments.0"));
        assert!(!faults.has("attach"));
    }
}
