//! Articles in lists, and the shelves that they stand on.

use crate::help_centre::lang::Lang;
use crate::help_centre::{icons, words};
use crate::knowledge::model::Language;
use crate::knowledge::view::ArticleSummary;

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Ru => Self::Ru,
            Lang::En => Self::En,
        }
    }
}

impl From<Lang> for crate::notifications::model::Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Ru => Self::Ru,
            Lang::En => Self::En,
        }
    }
}

/// An article in a list.
pub struct Card {
    /// Its page.
    pub path: String,
    /// Its title.
    pub title: String,
    /// Its first words.
    pub excerpt: String,
    /// How long it takes to read.
    pub reading: String,
}

impl Card {
    /// As it is shown in a language.
    pub fn of(lang: Lang, article: ArticleSummary) -> Self {
        Self {
            path: format!("/{lang}/articles/{}", article.slug),
            title: article.title,
            excerpt: article.excerpt,
            reading: words::reading_time(lang, article.reading_minutes),
        }
    }
}

/// The page of a category.
pub fn category_path(lang: Lang, name: &str) -> String {
    format!("/{lang}/categories/{}", encoded(name))
}

/// A part of a path as it goes into an address.
pub fn encoded(part: &str) -> String {
    percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A category with something in it.
pub struct Shelf {
    /// Its page.
    pub path: String,
    /// What it is called.
    pub title: String,
    /// Its picture.
    pub icon: &'static str,
    /// How much stands on it.
    pub count: String,
}

/// The categories of these articles, those with most of them first.
pub fn shelves(lang: Lang, articles: &[ArticleSummary]) -> Vec<Shelf> {
    let mut counted: Vec<(&str, i64)> = Vec::new();
    for name in articles.iter().map(|one| one.category.as_str()) {
        match counted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counted.push((name, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| -count);
    let shelf = |(name, count): (&str, i64)| Shelf {
        path: category_path(lang, name),
        title: name.to_owned(),
        icon: icons::named(None),
        count: words::standing(lang, count),
    };
    counted.into_iter().map(shelf).collect()
}
