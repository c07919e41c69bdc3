//! Addresses of articles: readable Latin letters from titles in Cyrillic and Latin.

/// The longest slug that is made of a title.
const LONGEST: usize = 80;
/// The longest slug that may be asked for.
pub const MAX_SLUG: usize = 100;
/// Words that are parts of the API's own addresses.
const RESERVED: &[&str] = &["articles", "categories", "reports", "search"];

/// The slug of a title: `Как вернуть билет?` gives `kak-vernut-bilet`. Never empty, never a number
/// (numbers are ids), never a word of the API's own addresses.
pub fn of_title(title: &str) -> String {
    let mut slug = latin(title);
    if slug.len() > LONGEST {
        let cut = slug.get(..LONGEST).unwrap_or_default();
        let whole = cut.rsplit_once('-').map_or(cut, |(words, _)| words);
        slug = whole.to_owned();
    }
    if fault(&slug).is_some() {
        slug = if slug.is_empty() { "article".to_owned() } else { format!("article-{slug}") };
    }
    slug
}

/// The text in lower-case Latin letters and digits, words joined by hyphens; what has no Latin
/// counterpart separates words. It may be empty.
pub fn latin(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match counterpart(letter) {
            Some(latin) => slug.push_str(latin),
            None if letter.is_ascii_alphanumeric() => slug.push(letter),
            None if slug.ends_with('-') || slug.is_empty() => {}
            None => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// What is wrong with a slug that was asked for; `None` where it is right.
pub fn fault(slug: &str) -> Option<&'static str> {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if slug.is_empty() || slug.len() > MAX_SLUG || !slug.split('-').all(word) {
        return Some(
            "must be 1 to 100 lower-case Latin letters and digits, words joined by hyphens",
        );
    }
    if slug.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("must not be a number, because numbers are ids");
    }
    RESERVED.contains(&slug).then_some("is a word that the API's own addresses use")
}

/// The Latin letters of a Cyrillic one, as people write them in addresses.
fn counterpart(letter: char) -> Option<&'static str> {
    Some(match letter {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'ё' | 'э' => "e",
        'є' => "ye",
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' => "i",
        'ї' => "yi",
        'й' | 'ы' => "y",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' | 'ў' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ю' => "yu",
        'я' => "ya",
        // Signs without a sound, the stress mark, apostrophes inside a word.
        'ъ' | 'ь' | '\u{301}' | '\'' | '’' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_in_russian_becomes_what_people_would_write() {
        for (title, slug) in [
            ("Как вернуть билет?", "kak-vernut-bilet"),
            ("Ёлка, подъезд и щука", "elka-podezd-i-shchuka"),
            ("Visa & VISA: what's new in 2026", "visa-visa-whats-new-in-2026"),
            ("  —  ", "article"),
            ("2026", "article-2026"),
            ("Search", "article-search"),
        ] {
            assert_eq!(of_title(title), slug);
        }
    }

    #[test]
    fn a_long_title_is_cut_between_words() {
        let slug = of_title(&"вулкан ".repeat(40));
        assert!(slug.len() <= 80 && slug.ends_with("-vulkan"), "{slug}");
    }

    proptest! {
        #[test]
        fn every_title_gives_a_slug_that_may_be_used(title in any::<String>()) {
            prop_assert_eq!(fault(&of_title(&title)), None);
        }
    }
}
