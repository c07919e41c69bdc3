//! Titles and pieces of text with the query's words marked, as fragments of plain characters: nothing in
//! them is markup, so whoever shows them escapes each and cannot be fooled; no I/O.

use std::collections::BTreeSet;
use std::ops::Range;

use super::model::Fragment;
use super::query::fold_word;

/// The characters of a snippet, about.
const LENGTH: usize = 220;
/// The characters before the first marked word.
const LEAD: usize = 50;
/// A snippet of a text is looked for in so many bytes of it.
const READ: usize = 20_000;

/// The whole text with the words marked.
pub fn marked(text: &str, lexemes: &BTreeSet<String>) -> Vec<Fragment> {
    fragments(text, 0..text.len(), &matches(text, lexemes))
}

/// The whole text, with the parts of words marked that were typed so far.
pub fn begun(text: &str, beginnings: &BTreeSet<String>) -> Vec<Fragment> {
    let mut found: Vec<Match<'_>> = Vec::new();
    for (word, folded) in words(text, beginnings) {
        let longest = beginnings.iter().filter(|typed| folded.starts_with(typed.as_str()));
        if let Some(typed) = longest.max_by_key(|typed| typed.len()) {
            let end = forward(text, word.start, typed.chars().count());
            found.push((word.start..end.min(word.end), typed.as_str()));
        }
    }
    fragments(text, 0..text.len(), &found)
}

/// The piece of a text in Markdown that has most different words of the query, or its beginning.
pub fn snippet(source: &str, lexemes: &BTreeSet<String>) -> Vec<Fragment> {
    let text = plain(source);
    let found = matches(&text, lexemes);
    let best = found
        .iter()
        .map(|(from, _)| {
            let window = from.start..from.start.saturating_add(LENGTH * 2);
            let inside = found.iter().filter(|(word, _)| window.contains(&word.start));
            let different: BTreeSet<&str> = inside.map(|(_, lexeme)| *lexeme).collect();
            (different.len(), std::cmp::Reverse(from.start))
        })
        .max()
        .map_or(0, |(_, std::cmp::Reverse(start))| start);
    let start = word_start(&text, back(&text, best, LEAD));
    let end = word_end(&text, forward(&text, start, LENGTH));
    let mut pieces = fragments(&text, start..end, &found);
    let ellipsis = || Fragment { text: "…".to_owned(), is_match: false };
    if start > 0 {
        pieces.insert(0, ellipsis());
    }
    if end < text.len() {
        pieces.push(ellipsis());
    }
    pieces
}

type Match<'a> = (Range<usize>, &'a str);

/// Where the words stand. A stem is nearly always the beginning of its words; what it is not, is not
/// marked, and was found all the same.
fn matches<'a>(text: &str, lexemes: &'a BTreeSet<String>) -> Vec<Match<'a>> {
    let mut found = Vec::new();
    for (place, word) in words(text, lexemes) {
        if let Some(lexeme) = lexemes.iter().find(|lexeme| is_form(&word, lexeme)) {
            found.push((place, lexeme.as_str()));
        }
    }
    found
}

/// Those words of a text that begin with a letter that one of these begins with: where each stands, and how it is folded.
/// Only few are folded, which takes far longer than to pass over them.
fn words(text: &str, like: &BTreeSet<String>) -> Vec<(Range<usize>, String)> {
    let initials: Vec<char> = like.iter().filter_map(|word| initial(word)).collect();
    let mut found = Vec::new();
    let mut from = None;
    for (at, sign) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_of_a_word(sign), from) {
            (true, None) => from = Some(at),
            (false, Some(start)) => {
                let word = text.get(start..at).unwrap_or_default();
                if initial(word).is_some_and(|sign| initials.contains(&sign)) {
                    found.push((start..at, fold_word(word)));
                }
                from = None;
            }
            _ => {}
        }
    }
    found
}

/// Whether a sign is a letter or a digit. Most are of two alphabets, and need not be looked up.
fn is_of_a_word(sign: char) -> bool {
    matches!(sign, 'а'..='я' | 'А'..='Я' | 'a'..='z') || sign.is_alphanumeric()
}

/// The first character of a word, folded.
fn initial(word: &str) -> Option<char> {
    match word.chars().next()? {
        first @ ('а'..='я' | 'a'..='z') => Some(first),
        'ё' | 'Ё' => Some('е'),
        first => first.to_lowercase().next(),
    }
}

fn is_form(word: &str, lexeme: &str) -> bool {
    let begins = word.starts_with(lexeme)
        || lexeme
            .strip_suffix('i')
            .is_some_and(|stem| stem.len() >= 3 && word.strip_prefix(stem) == Some("y"));
    if !begins || lexeme.chars().any(|sign| sign.is_ascii_digit()) {
        return begins && word == lexeme;
    }
    let letters = lexeme.chars().count();
    word.chars().count() <= letters + if letters <= 3 { 2 } else { 5 }
}

fn fragments(text: &str, range: Range<usize>, found: &[Match<'_>]) -> Vec<Fragment> {
    let mut pieces = Vec::new();
    let mut push = |from: usize, to: usize, is_match: bool| {
        let piece = text.get(from..to).unwrap_or_default();
        if !piece.is_empty() {
            pieces.push(Fragment { text: piece.to_owned(), is_match });
        }
    };
    let mut at = range.start;
    for (word, _) in
        found.iter().filter(|(word, _)| word.start >= range.start && word.end <= range.end)
    {
        push(at, word.start, false);
        push(word.start, word.end, true);
        at = word.end;
    }
    push(at, range.end, false);
    pieces
}

/// So many characters before a place.
fn back(text: &str, at: usize, characters: usize) -> usize {
    let head = text.get(..at).unwrap_or_default();
    head.char_indices().rev().nth(characters.saturating_sub(1)).map_or(0, |(start, _)| start)
}

/// So many characters after a place.
fn forward(text: &str, at: usize, characters: usize) -> usize {
    let tail = text.get(at..).unwrap_or_default();
    tail.char_indices().nth(characters).map_or(text.len(), |(end, _)| at + end)
}

fn word_start(text: &str, at: usize) -> usize {
    if at == 0 {
        return 0;
    }
    let tail = text.get(at..).unwrap_or_default();
    tail.find(char::is_whitespace).map_or(at, |space| at + space + 1)
}

fn word_end(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let head = text.get(..at).unwrap_or_default();
    head.rfind(char::is_whitespace).filter(|space| *space > 0).unwrap_or(at)
}

/// A text in Markdown without its signs, in one line.
fn plain(source: &str) -> String {
    let mut end = source.len().min(READ);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let mut text = String::with_capacity(end);
    for line in source.get(..end).unwrap_or_default().lines() {
        let line = line.trim_start_matches(['#', '>', '-', '*', '|', ' ', '\t']);
        if line.chars().all(|sign| matches!(sign, '-' | '|' | ':' | '=' | ' ')) {
            continue;
        }
        let mut address = false;
        for sign in line.chars() {
            match sign {
                '(' if text.ends_with(']') => {
                    text.pop();
                    address = true;
                }
                ')' if address => address = false,
                _ if address => {}
                '*' | '`' | '[' => {}
                '|' => text.push(' '),
                sign => text.push(sign),
            }
        }
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lexemes(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn shown(fragments: &[Fragment]) -> String {
        fragments
            .iter()
            .map(
                |piece| {
                    if piece.is_match { format!("<{}>", piece.text) } else { piece.text.clone() }
                },
            )
            .collect()
    }

    #[test]
    fn words_are_marked_in_any_form() {
        let found = marked(
            "Возвраты и тёплые Refunds, 4711",
            &lexemes(&["возврат", "тепл", "refund", "4711"]),
        );
        assert_eq!(shown(&found), "<Возвраты> и <тёплые> <Refunds>, <4711>");
        assert_eq!(shown(&marked("турист", &lexemes(&["тур"]))), "турист");
        assert_eq!(
            shown(&marked("many cities, one city", &lexemes(&["citi"]))),
            "many <cities>, one <city>"
        );
    }

    #[test]
    fn a_snippet_is_the_part_with_most_words_and_has_no_markup() {
        let filler = "Погода меняется быстро. ".repeat(40);
        let text = format!(
            "# Оплата\n\n{filler}\n\n## Возврат\n- **Деньги** [вернём](https://x.example/a) за 5 дней\n\n{filler}"
        );
        let found = shown(&snippet(&text, &lexemes(&["деньг", "верн", "оплат"])));
        assert!(found.contains("Возврат <Деньги> <вернём> за 5 дней"), "{found}");
        assert!(found.starts_with('…') && found.ends_with('…'), "{found}");
        assert!(found.chars().count() < 300, "{found}");
    }

    #[test]
    fn what_was_typed_is_marked_as_far_as_it_goes() {
        let found = begun("Возврат за Тёплые вещи", &lexemes(&["воз", "теп", "теплые"]));
        assert_eq!(shown(&found), "<Воз>врат за <Тёплые> вещи");
    }

    #[test]
    fn markup_of_an_attacker_stays_text() {
        let found = snippet("<script>alert('деньги')</script> вот", &lexemes(&["деньг"]));
        let text: String = found.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(text, "<script>alert('деньги')</script> вот");
    }

    proptest! {
        #[test]
        fn any_text_gives_a_short_snippet_of_its_own_words(text in "\\PC{0,900}", word in "[а-яa-z]{1,6}") {
            let found = snippet(&text, &lexemes(&[&word]));
            let whole: String = found.iter().map(|piece| piece.text.as_str()).collect();
            prop_assert!(whole.chars().count() <= LENGTH + 2, "{}", whole);
        }

        #[test]
        fn a_marked_text_is_the_text(text in "\\PC{0,300}", word in "[а-яa-z]{1,6}") {
            let whole: String = marked(&text, &lexemes(&[&word])).iter().map(|piece| piece.text.as_str()).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
