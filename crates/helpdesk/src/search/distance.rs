//! How far two words are apart: letters put in, left out, changed, or two swapped.

use super::keyboard;

/// The number of slips between two words (optimal string alignment), or `None` where there are more
/// than `most`.
pub fn slips(one: &str, other: &str, most: usize) -> Option<usize> {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut now = vec![row + 1; other.len() + 1];
        for (column, counterpart) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != counterpart);
            let mut least = changed.min(last[column + 1] + 1).min(now[column] + 1);
            let swapped = row > 0
                && column > 0
                && one[row - 1] == *counterpart
                && *letter == other[column - 1];
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            now[column + 1] = least;
        }
        before = std::mem::replace(&mut last, now);
    }
    last.last().copied().filter(|slips| *slips <= most)
}

/// How many slips a word of so many letters may have: a short word with two is another word.
pub fn allowed(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// A word that may have been meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The word as it stands in texts.
    pub word: String,
    /// In how many texts.
    pub documents: i64,
}

/// The candidate that was meant, where one is near enough: fewest slips first, then the same first
/// letter, then a neighbouring key or a swap, then the commoner word.
pub fn nearest(word: &str, candidates: Vec<Candidate>) -> Option<Candidate> {
    let most = allowed(word.chars().count());
    candidates
        .into_iter()
        .filter(|candidate| candidate.word != word)
        .filter_map(|candidate| Some((slips(word, &candidate.word, most)?, candidate)))
        .min_by_key(|(slips, candidate)| {
            let first = word.chars().next() != candidate.word.chars().next();
            (*slips, first, !is_likely(word, &candidate.word), -candidate.documents)
        })
        .map(|(_, candidate)| candidate)
}

/// Whether the words are of one length and differ by a swap, or by keys beside each other.
fn is_likely(word: &str, meant: &str) -> bool {
    let differing: Vec<(char, char)> =
        word.chars().zip(meant.chars()).filter(|(typed, right)| typed != right).collect();
    if word.chars().count() != meant.chars().count() {
        return false;
    }
    match differing.as_slice() {
        [(typed, right)] => keyboard::are_neighbours(*typed, *right),
        [(a, b), (c, d)] => a == d && b == c,
        _ => false,
    }
}

/// Every text that is one slip away from a short word, over the word's own alphabet: trigrams of a short
/// word that has one are too few to find it by.
pub fn one_slip_away(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let alphabet: Vec<char> = if letters.iter().any(char::is_ascii_alphabetic) {
        ('a'..='z').collect()
    } else {
        ('а'..='я').collect()
    };
    let mut found = Vec::new();
    for at in 0..=letters.len() {
        let (head, tail) = letters.split_at(at);
        let with = |middle: &[char], skip: usize| -> String {
            head.iter().chain(middle).chain(tail.iter().skip(skip)).collect()
        };
        found.extend(alphabet.iter().map(|letter| with(&[*letter], 0)));
        if let [first, ..] = tail {
            found.push(with(&[], 1));
            found.extend(
                alphabet.iter().filter(|letter| *letter != first).map(|letter| with(&[*letter], 1)),
            );
        }
        if let [first, second, ..] = tail {
            found.push(with(&[*second, *first], 2));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slips_are_counted() {
        for (typed, meant, count) in [
            ("возврат", "возврат", Some(0)),
            ("вовзрат", "возврат", Some(1)),
            ("возрат", "возврат", Some(1)),
            ("возвратт", "возврат", Some(1)),
            ("вазврат", "возврат", Some(1)),
            ("вазрат", "возврат", Some(2)),
            ("тур", "вулкан", None),
        ] {
            assert_eq!(slips(typed, meant, 2), count, "{typed}");
        }
    }

    #[test]
    fn the_nearest_word_is_the_one_with_fewest_slips_then_the_commoner_one() {
        let candidates = |words: &[(&str, i64)]| {
            words
                .iter()
                .map(|(word, documents)| Candidate {
                    word: (*word).to_owned(),
                    documents: *documents,
                })
                .collect::<Vec<_>>()
        };
        let meant = |typed: &str, words: &[(&str, i64)]| {
            nearest(typed, candidates(words)).map(|candidate| candidate.word)
        };
        assert_eq!(meant("билте", &[("билет", 1), ("балет", 90)]).as_deref(), Some("билет"));
        assert_eq!(meant("тура", &[("туры", 3), ("тара", 1), ("тур", 2)]).as_deref(), Some("туры"));
        assert_eq!(meant("тур", &[("тура", 9)]), None, "three letters are too few to guess by");
        assert_eq!(meant("вертолет", &[("вертолет", 9)]), None, "a right word is not repaired");
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_for_the_same(a in "[а-я]{0,9}", b in "[а-я]{0,9}") {
            prop_assert_eq!(slips(&a, &b, 20), slips(&b, &a, 20));
            prop_assert_eq!(slips(&a, &a, 0), Some(0));
        }

        #[test]
        fn what_is_one_slip_away_has_at_most_one_slip(word in "[а-я]{1,6}") {
            for other in one_slip_away(&word) {
                prop_assert!(slips(&word, &other, 1).is_some(), "{} {}", word, other);
            }
        }
    }
}
