//! Sentences with a number or a name in them.

use crate::language::Language;

/// A rating in words.
pub fn rated(lang: Language, rating: i16) -> String {
    match lang {
        Language::En => format!("You rated it {rating} of 5"),
        Language::Ru => format!("Ваша оценка: {rating} из 5"),
    }
}

/// What was said of a ticket before.
pub fn opinion_kept(lang: Language, rating: i16) -> String {
    match lang {
        Language::En => format!("Your answer is with us: {rating} of 5. You can still change it."),
        Language::Ru => format!("Ваш ответ у нас: {rating} из 5. Его можно изменить."),
    }
}

/// What a shelf has, for search engines.
pub fn shelf(lang: Language, title: &str) -> String {
    match lang {
        Language::En => format!("{title}: articles and answers to frequent questions."),
        Language::Ru => format!("{title}: статьи и ответы на частые вопросы."),
    }
}

/// How long an article takes to read.
pub fn reading_time(lang: Language, minutes: i32) -> String {
    let minutes = lang.plural(minutes.into(), ["minute", "minutes"], ["минута", "минуты", "минут"]);
    match lang {
        Language::En => format!("{minutes} to read"),
        Language::Ru => format!("{minutes} чтения"),
    }
}

/// How much was found.
pub fn found(lang: Language, total: i64, is_capped: bool) -> String {
    let found =
        lang.plural(total, ["result", "results"], ["результат", "результата", "результатов"]);
    match (lang, is_capped) {
        (_, false) => found,
        (Language::En, true) => format!("More than {found}"),
        (Language::Ru, true) => format!("Больше {found}"),
    }
}

/// How many articles and questions stand on a shelf.
pub fn standing(lang: Language, number: i64) -> String {
    lang.plural(number, ["answer", "answers"], ["ответ", "ответа", "ответов"])
}
