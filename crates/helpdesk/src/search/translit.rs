//! Russian words in Latin letters and English ones in Cyrillic: `bilet` is `билет`, `инвойс` is
//! `invoice`. Spelling varies from person to person, so a word has several readings.

/// The most readings of one word.
const MOST: usize = 8;

/// Latin spellings of Russian sounds, longer ones first so that `shch` is not read as `s`, `h`. A
/// spelling with two readings branches.
const TO_RUSSIAN: &[(&str, &[&str])] = &[
    ("shch", &["щ"]),
    ("sch", &["щ", "сч"]),
    ("zh", &["ж"]),
    ("kh", &["х"]),
    ("ts", &["ц", "тс"]),
    ("ch", &["ч"]),
    ("sh", &["ш"]),
    ("yo", &["е"]),
    ("jo", &["е"]),
    ("yu", &["ю"]),
    ("ju", &["ю"]),
    ("iu", &["ю", "иу"]),
    ("ya", &["я"]),
    ("ja", &["я"]),
    ("ia", &["ия", "я"]),
    ("iya", &["ия"]),
    ("ye", &["е", "ье"]),
    ("je", &["е", "ье"]),
    ("ay", &["ай"]),
    ("ey", &["ей"]),
    ("oy", &["ой"]),
    ("uy", &["уй"]),
    ("iy", &["ий"]),
    ("yy", &["ый"]),
    ("a", &["а"]),
    ("b", &["б"]),
    ("c", &["ц", "к"]),
    ("d", &["д"]),
    ("e", &["е", "э"]),
    ("f", &["ф"]),
    ("g", &["г"]),
    ("h", &["х"]),
    ("i", &["и"]),
    ("j", &["й", "ж"]),
    ("k", &["к"]),
    ("l", &["л", "ль"]),
    ("m", &["м"]),
    ("n", &["н", "нь"]),
    ("o", &["о"]),
    ("p", &["п"]),
    ("q", &["к"]),
    ("r", &["р"]),
    ("s", &["с"]),
    ("t", &["т", "ть"]),
    ("u", &["у"]),
    ("v", &["в"]),
    ("w", &["в"]),
    ("x", &["кс", "х"]),
    ("y", &["ы", "й"]),
    ("z", &["з"]),
    ("'", &["ь"]),
];

/// English spellings of Russian letters.
const TO_ENGLISH: &[(&str, &[&str])] = &[
    ("дж", &["j", "g"]),
    ("кс", &["x", "ks"]),
    ("ай", &["i", "ai"]),
    ("ой", &["oi", "oy"]),
    ("ей", &["a", "ey"]),
    ("а", &["a", "u"]),
    ("б", &["b"]),
    ("в", &["v", "w"]),
    ("г", &["g"]),
    ("д", &["d"]),
    ("е", &["e"]),
    ("ж", &["zh"]),
    ("з", &["z", "s"]),
    ("и", &["i", "ee"]),
    ("й", &["y"]),
    ("к", &["k", "c"]),
    ("л", &["l"]),
    ("м", &["m"]),
    ("н", &["n"]),
    ("о", &["o"]),
    ("п", &["p"]),
    ("р", &["r"]),
    ("с", &["s", "c"]),
    ("т", &["t"]),
    ("у", &["u", "oo"]),
    ("ф", &["f"]),
    ("х", &["h", "kh"]),
    ("ц", &["ts"]),
    ("ч", &["ch"]),
    ("ш", &["sh"]),
    ("щ", &["shch"]),
    ("ъ", &[""]),
    ("ы", &["y"]),
    ("ь", &[""]),
    ("э", &["e", "a"]),
    ("ю", &["yu", "u"]),
    ("я", &["ya"]),
];

/// The word in the other alphabet, the likeliest reading first; empty where it has letters of both
/// alphabets or anything but letters. `word` is in lower case, with е for ё.
pub fn readings(word: &str) -> Vec<String> {
    let latin = word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '\'');
    let russian = word.chars().all(|letter| matches!(letter, 'а'..='я'));
    match (word.is_empty(), latin, russian) {
        (false, true, _) => branch(word, TO_RUSSIAN),
        (false, _, true) => branch(word, TO_ENGLISH),
        _ => Vec::new(),
    }
}

/// Every way through the spellings. The second reading of a spelling costs one, and the cheapest
/// [`MOST`] beginnings are followed.
fn branch(word: &str, table: &[(&str, &[&str])]) -> Vec<String> {
    let mut ways: Vec<(usize, String)> = vec![(0, String::new())];
    let mut rest = word;
    while !rest.is_empty() {
        let spelled = table
            .iter()
            .filter(|(from, _)| rest.starts_with(from))
            .max_by_key(|(from, _)| from.len());
        let Some((from, to)) = spelled else { return Vec::new() };
        let mut next: Vec<(usize, String)> = Vec::with_capacity(ways.len() * to.len());
        for (cost, way) in &ways {
            for (price, reading) in to.iter().enumerate() {
                next.push((cost + price, format!("{way}{reading}")));
            }
        }
        next.sort();
        next.truncate(MOST);
        ways = next;
        rest = rest.get(from.len()..).unwrap_or_default();
    }
    ways.into_iter().map(|(_, way)| way).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_in_the_other_alphabet_is_among_its_readings() {
        for (word, meant) in [
            ("bilet", "билет"),
            ("vozvrat", "возврат"),
            ("ekskursiya", "экскурсия"),
            ("pogranzona", "погранзона"),
            ("transfer", "трансфер"),
            ("den'gi", "деньги"),
            ("puteshestvie", "путешествие"),
            ("инвойс", "invois"),
            ("паспорт", "pasport"),
            ("такси", "taxi"),
        ] {
            let found = readings(word);
            assert!(found.iter().any(|reading| reading == meant), "{word}: {found:?}");
        }
    }

    #[test]
    fn mixed_words_and_numbers_have_no_reading() {
        for word in ["", "e1042", "wi-fi", "теst", "4711"] {
            assert!(readings(word).is_empty(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn readings_are_few_and_in_the_other_alphabet(word in "[a-z]{1,25}") {
            let found = readings(&word);
            prop_assert!(!found.is_empty() && found.len() <= MOST);
            for reading in found {
                prop_assert!(reading.chars().all(|letter| matches!(letter, 'а'..='я')));
            }
        }
    }
}
