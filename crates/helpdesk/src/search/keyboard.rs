//! Words typed with the wrong keyboard layout: `ghbynth` is `принтер`, `кшсу` is `rice`.

/// The keys of a keyboard from left to right, row by row: what each gives in the English (US) and in
/// the Russian layout.
const KEYS: [(char, char); 33] = [
    ('`', 'ё'),
    ('q', 'й'),
    ('w', 'ц'),
    ('e', 'у'),
    ('r', 'к'),
    ('t', 'е'),
    ('y', 'н'),
    ('u', 'г'),
    ('i', 'ш'),
    ('o', 'щ'),
    ('p', 'з'),
    ('[', 'х'),
    (']', 'ъ'),
    ('a', 'ф'),
    ('s', 'ы'),
    ('d', 'в'),
    ('f', 'а'),
    ('g', 'п'),
    ('h', 'р'),
    ('j', 'о'),
    ('k', 'л'),
    ('l', 'д'),
    (';', 'ж'),
    ('\'', 'э'),
    ('z', 'я'),
    ('x', 'ч'),
    ('c', 'с'),
    ('v', 'м'),
    ('b', 'и'),
    ('n', 'т'),
    ('m', 'ь'),
    (',', 'б'),
    ('.', 'ю'),
];
/// The same keys with Shift, where English gives a sign.
const SHIFTED: [(char, char); 7] =
    [('~', 'ё'), ('{', 'х'), ('}', 'ъ'), (':', 'ж'), ('"', 'э'), ('<', 'б'), ('>', 'ю')];

/// The same keys pressed in the other layout, in lower case; `None` where the text has letters of
/// both alphabets, or of neither, so that no one layout was wrong.
pub fn swapped(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let latin = lower.chars().any(|letter| letter.is_ascii_lowercase());
    let cyrillic = lower.chars().any(is_cyrillic);
    let swap: fn(char) -> char = match (latin, cyrillic) {
        (true, false) => to_russian,
        (false, true) => to_english,
        _ => return None,
    };
    Some(lower.chars().map(swap).collect())
}

/// Whether it is a letter of the Russian alphabet, in lower case.
pub fn is_cyrillic(letter: char) -> bool {
    matches!(letter, 'а'..='я' | 'ё')
}

fn to_russian(key: char) -> char {
    KEYS.iter()
        .chain(&SHIFTED)
        .find(|(english, _)| *english == key)
        .map_or(key, |(_, russian)| *russian)
}

fn to_english(key: char) -> char {
    KEYS.iter().find(|(_, russian)| *russian == key).map_or(key, |(english, _)| *english)
}

/// Whether two letters lie beside each other in either layout: the likelier slip.
pub fn are_neighbours(one: char, other: char) -> bool {
    let place = |letter: char| {
        KEYS.iter().position(|(english, russian)| *english == letter || *russian == letter)
    };
    matches!((place(one), place(other)), (Some(a), Some(b)) if a.abs_diff(b) == 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_the_wrong_layout_come_back() {
        for (typed, meant) in [
            ("ghbynth", "принтер"),
            ("Djpdhfn ltytu", "возврат денег"),
            (",hjym", "бронь"),
            ("j,vty", "обмен"),
            ("'rcrehcbz", "экскурсия"),
            ("{jlrf", "ходка"),
            ("кшсу", "rice"),
            ("куагтв", "refund"),
        ] {
            assert_eq!(swapped(typed).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn a_text_of_both_alphabets_or_none_has_no_other_layout() {
        assert_eq!(swapped("wi-fi в номере"), None);
        assert_eq!(swapped("4711"), None);
        assert_eq!(swapped(""), None);
    }

    #[test]
    fn neighbours_are_told_from_strangers() {
        assert!(are_neighbours('т', 'и') && are_neighbours('o', 'p'));
        assert!(!are_neighbours('т', 'ф') && !are_neighbours('7', '8'));
    }

    proptest! {
        #[test]
        fn swapping_twice_gives_the_word_again(word in "[а-яё]{1,20}") {
            let there = swapped(&word);
            // A word whose every letter is a sign in English has no letter to swap back by.
            if let Some(there) = there.filter(|there| there.chars().any(|c| c.is_ascii_lowercase())) {
                prop_assert_eq!(swapped(&there), Some(word));
            }
        }

        #[test]
        fn any_text_is_swapped_without_fault(text in "\\PC{0,60}") {
            let _ = swapped(&text);
        }
    }
}
