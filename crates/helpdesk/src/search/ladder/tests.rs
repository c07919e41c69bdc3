use proptest::prelude::*;

use super::*;

const TEXTS: [(&str, i64); 10] = [
    ("принтер", 3),
    ("возврат", 40),
    ("денег", 30),
    ("билет", 12),
    ("обмен", 5),
    ("refund", 7),
    ("паспорт", 9),
    ("вулкан", 50),
    ("трансфер", 8),
    ("ticket", 6),
];

fn looked_up(words: BTreeSet<String>) -> Vocabulary {
    words
        .into_iter()
        .map(|word| {
            let documents = TEXTS.iter().find(|(known, _)| *known == word).map_or(0, |(_, n)| *n);
            let stop = ["за", "на", "в", "the"].contains(&word.as_str());
            (
                word.clone(),
                Known { lexeme: word, stop, documents, same: Vec::new(), related: Vec::new() },
            )
        })
        .collect()
}

fn read_by_texts(text: &str) -> Reading {
    let query = Query::parse(text);
    let mut vocabulary = looked_up(words_to_look_up(&query));
    let mistyped = words_to_repair(&query, &vocabulary);
    vocabulary.extend(looked_up(words_to_split(&mistyped)));
    let near: Vec<Candidate> = TEXTS
        .iter()
        .map(|(word, documents)| Candidate { word: (*word).to_owned(), documents: *documents })
        .collect();
    let repairs =
        words_to_repair(&query, &vocabulary).into_iter().map(|word| (word, near.clone())).collect();
    read(&query, &vocabulary, &repairs)
}

fn corrected(text: &str) -> Option<(String, CorrectedBy)> {
    read_by_texts(text).corrected.map(|correction| (correction.to, correction.by))
}

#[test]
fn each_step_reads_what_the_one_before_cannot() {
    let cases = [
        ("ghbynth", "принтер", CorrectedBy::Keyboard),
        ("j,vty ,bktn", "обмен билет", CorrectedBy::Keyboard),
        ("куагтв", "refund", CorrectedBy::Keyboard),
        ("вовзрат", "возврат", CorrectedBy::Typo),
        ("вовзрат денег", "возврат денег", CorrectedBy::Typo),
        ("bilet", "билет", CorrectedBy::Transliteration),
        ("возврат deneg", "возврат денег", CorrectedBy::Transliteration),
        ("tikcet", "ticket", CorrectedBy::Typo),
        ("ghbyntr", "принтер", CorrectedBy::Keyboard),
        ("возвратденег", "возврат денег", CorrectedBy::Typo),
    ];
    for (typed, meant, by) in cases {
        assert_eq!(corrected(typed), Some((meant.to_owned(), by)), "{typed}");
    }
}

#[test]
fn what_is_known_quoted_or_hopeless_stays_as_it_is() {
    for text in ["возврат денег", "за билет", "\"вовзрат\"", "кхщшг", "4711", "refund паспорт"]
    {
        assert_eq!(corrected(text), None, "{text}");
    }
}

#[test]
fn a_quoted_part_keeps_its_words_together() {
    let reading = read_by_texts("билет \"возврат денег\"");
    let phrases: Vec<Option<usize>> = reading.slots.iter().map(|slot| slot.phrase).collect();
    assert_eq!(phrases, [None, Some(1), Some(1)]);
}

proptest! {
    #[test]
    fn every_query_has_a_reading(text in "\\PC{0,120}") {
        let reading = read_by_texts(&text);
        prop_assert!(reading.slots.iter().all(|slot| !slot.word.is_empty()));
    }

    #[test]
    fn the_wrong_layout_of_a_known_word_is_always_read(place in 0_usize..TEXTS.len()) {
        let (word, _) = TEXTS[place];
        let typed = keyboard::swapped(word).unwrap();
        let meant = corrected(&typed).map(|(meant, _)| meant);
        prop_assert_eq!(meant.as_deref(), Some(word));
    }
}
