//! What somebody typed, taken apart; no I/O.

use std::collections::BTreeSet;

use super::identifiers;

/// The longest query, in characters.
pub const LONGEST: usize = 200;
/// The most words that are looked for; further ones are left out.
pub const MOST_WORDS: usize = 12;

/// A query, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// As it was typed, without space around it.
    pub text: String,
    /// What stands between spaces, or between quotation marks.
    pub chunks: Vec<Chunk>,
    /// The identifiers that it may mean, in their one form.
    pub identifiers: BTreeSet<String>,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// As it was typed, in lower case: a sign in it may be a letter of the other keyboard layout.
    pub text: String,
    /// Its words, folded.
    pub words: Vec<String>,
    /// Whether it stood between quotation marks: its words are found in this order and as they are.
    pub quoted: bool,
    /// Whether it is an address of e-mail.
    pub address: bool,
}

impl Chunk {
    /// Whether it is looked for as it was typed and never read another way.
    pub fn is_literal(&self) -> bool {
        self.quoted || self.address
    }
}

impl Query {
    /// Takes a text apart. What is longer than [`LONGEST`] or has more than [`MOST_WORDS`] words is cut.
    pub fn parse(text: &str) -> Self {
        let text: String = text.trim().chars().take(LONGEST).collect();
        let mut chunks = Vec::new();
        let mut words = 0;
        for (part, quoted) in parts(&text) {
            let mut chunk = Chunk {
                text: part.to_lowercase(),
                words: fold(part),
                quoted,
                address: identifiers::is_address(part),
            };
            chunk.words.truncate(MOST_WORDS - words);
            words += chunk.words.len();
            // A chunk of signs only may be a word of the other layout: `j,vty`, but also `,`.
            if !chunk.text.is_empty() {
                chunks.push(chunk);
            }
            if words == MOST_WORDS {
                break;
            }
        }
        let identifiers = identifiers::asked(&text);
        Self { text, chunks, identifiers }
    }

    /// Whether there is anything to look for.
    pub fn is_empty(&self) -> bool {
        self.identifiers.is_empty() && self.chunks.iter().all(|chunk| chunk.words.is_empty())
    }
}

/// The parts between spaces, and whether each stood between quotation marks. A mark that is never
/// closed is none.
fn parts(text: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let opening = rest.char_indices().find_map(|(at, mark)| {
            let begins =
                rest.get(..at).is_none_or(|head| head.ends_with(char::is_whitespace)) || at == 0;
            let closing = closing(mark).filter(|_| begins)?;
            let inside = rest.get(at + mark.len_utf8()..)?;
            let end = inside.find(closing)?;
            (end > 0).then_some((
                at,
                inside.get(..end)?,
                inside.get(end..)?.get(closing.len_utf8()..)?,
            ))
        });
        match opening {
            Some((at, inside, after)) => {
                found.extend(
                    rest.get(..at).unwrap_or_default().split_whitespace().map(|w| (w, false)),
                );
                found.push((inside.trim(), true));
                rest = after;
            }
            None => {
                found.extend(rest.split_whitespace().map(|word| (word, false)));
                rest = "";
            }
        }
    }
    found.retain(|(part, _)| !part.is_empty());
    found
}

fn closing(mark: char) -> Option<char> {
    match mark {
        '"' => Some('"'),
        '«' => Some('»'),
        '“' => Some('”'),
        '„' => Some('“'),
        _ => None,
    }
}

/// The words of a text as the index has them: letters and digits, in lower case, with е for ё.
pub fn fold(text: &str) -> Vec<String> {
    text.split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(fold_word)
        .collect()
}

/// One word in lower case, with е for ё.
pub fn fold_word(word: &str) -> String {
    word.to_lowercase().replace('ё', "е")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunks(text: &str) -> Vec<(Vec<String>, bool)> {
        Query::parse(text).chunks.into_iter().map(|chunk| (chunk.words, chunk.quoted)).collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_are_folded_and_quoted_ones_stay_together() {
        assert_eq!(
            chunks("  Тёплые вещи, «Долина гейзеров» wi-fi \"не закрыта"),
            [
                (words(&["теплые"]), false),
                (words(&["вещи"]), false),
                (words(&["долина", "гейзеров"]), true),
                (words(&["wi", "fi"]), false),
                (words(&["не"]), false),
                (words(&["закрыта"]), false),
            ]
        );
        assert_eq!(chunks("\"\" ,"), [(words(&[]), false), (words(&[]), false)]);
        assert!(Query::parse(" , ").is_empty());
        assert!(!Query::parse("KH-4711").is_empty());
    }

    #[test]
    fn a_quotation_mark_inside_a_word_is_a_letter_of_the_other_layout() {
        let query = Query::parse("gj\"pl rf");
        assert_eq!(query.chunks.len(), 2);
        assert_eq!(query.chunks[0].text, "gj\"pl");
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_within_bounds(text in "\\PC{0,400}") {
            let query = Query::parse(&text);
            let count: usize = query.chunks.iter().map(|chunk| chunk.words.len()).sum();
            prop_assert!(count <= MOST_WORDS);
            prop_assert!(query.text.chars().count() <= LONGEST);
            for word in query.chunks.iter().flat_map(|chunk| &chunk.words) {
                prop_assert!(word.chars().all(char::is_alphanumeric) || word.contains('\u{307}') , "{}", word);
            }
        }
    }
}
