//! What pages need to know of a language; no I/O.

use crate::language::Language;

impl Language {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Ru => Self::En,
            Self::En => Self::Ru,
        }
    }

    /// Its code with a country, as Open Graph wants it.
    pub fn locale(self) -> &'static str {
        match self {
            Self::Ru => "ru_RU",
            Self::En => "en_GB",
        }
    }

    /// Its own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ru => "Русский",
            Self::En => "English",
        }
    }

    /// By its code, in any case, with or without a country.
    pub fn of_code(code: &str) -> Option<Self> {
        code.split(['-', '_']).next()?.parse().ok()
    }

    /// By the first part of a page's address.
    pub fn of_path(path: &str) -> Option<Self> {
        let first = path.strip_prefix('/')?.split('/').next()?;
        [Self::Ru, Self::En].into_iter().find(|known| known.as_str() == first)
    }

    /// The one that a browser likes best (RFC 9110, section 12.5.4); none where it likes neither.
    pub fn of_preferences(accept_language: &str) -> Option<Self> {
        let wish = |part: &str| {
            let mut fields = part.split(';').map(str::trim);
            let lang = Self::of_code(fields.next()?)?;
            let weight = fields.find_map(|field| field.strip_prefix("q=")?.parse::<f32>().ok());
            Some((lang, weight.unwrap_or(1.0)))
        };
        let mut best = (None, 0.0);
        for (lang, weight) in accept_language.split(',').filter_map(wish) {
            if weight > best.1 {
                best = (Some(lang), weight);
            }
        }
        best.0
    }

    /// The form of a word that goes with a number (Unicode plural rules): in English one and other,
    /// in Russian one, few and many.
    pub fn plural(self, number: i64, english: [&str; 2], russian: [&str; 3]) -> String {
        let (ten, hundred) = ((number % 10).abs(), (number % 100).abs());
        let word = match self {
            Self::En if number == 1 => english[0],
            Self::En => english[1],
            Self::Ru if ten == 1 && hundred != 11 => russian[0],
            Self::Ru if (2..=4).contains(&ten) && !(12..=14).contains(&hundred) => russian[1],
            Self::Ru => russian[2],
        };
        format!("{}\u{a0}{word}", self.number(number))
    }

    /// A number with its thousands apart.
    pub fn number(self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let separator = match self {
            Self::Ru => '\u{a0}',
            Self::En => ',',
        };
        let mut written = String::from(if number < 0 { "\u{2212}" } else { "" });
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                written.push(separator);
            }
            written.push(digit);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_a_browser_likes_best_is_taken() {
        for (header, lang) in [
            ("ru-RU,ru;q=0.9,en;q=0.8", Some(Language::Ru)),
            ("en;q=0.3, ru;q=0.7", Some(Language::Ru)),
            ("de-DE, en;q=0.5, ru;q=0.5", Some(Language::En)),
            ("de", None),
            ("ru;q=0", None),
            ("RU", Some(Language::Ru)),
            ("", None),
            (";;,q=1", None),
        ] {
            assert_eq!(Language::of_preferences(header), lang, "{header}");
        }
    }

    #[test]
    fn numbers_take_the_right_form_of_their_word() {
        let found = |lang: Language, number| {
            lang.plural(number, ["answer", "answers"], ["ответ", "ответа", "ответов"])
        };
        for (number, word) in [
            (0, "0\u{a0}ответов"),
            (1, "1\u{a0}ответ"),
            (3, "3\u{a0}ответа"),
            (11, "11\u{a0}ответов"),
            (13, "13\u{a0}ответов"),
            (21, "21\u{a0}ответ"),
            (112, "112\u{a0}ответов"),
            (1_022, "1\u{a0}022\u{a0}ответа"),
        ] {
            assert_eq!(found(Language::Ru, number), word);
        }
        assert_eq!(found(Language::En, 1), "1\u{a0}answer");
        assert_eq!(found(Language::En, 1_234_567), "1,234,567\u{a0}answers");
    }
}
