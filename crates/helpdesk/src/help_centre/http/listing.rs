//! Articles in lists, and the shelves that they stand on.

use std::collections::HashMap;

use kamhub_httpkit::ApiResult;
use kamhub_postgres::PgConnection;
use serde::Deserialize;

use crate::help_centre::{icons, words};
use crate::knowledge::service::categories::{self, KnowledgeCategory};
use crate::knowledge::view::ArticleSummary;
use crate::language::Language;

/// The last page that can be asked for.
const LAST_PAGE: i64 = 1_000;

/// Which part of a long list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    page: Option<String>,
}

impl Part {
    /// The page, from 1; anything that is none is the first.
    pub fn number(&self) -> i64 {
        let asked = self.page.as_deref().and_then(|page| page.parse().ok());
        asked.filter(|page| (1..=LAST_PAGE).contains(page)).unwrap_or(1)
    }
}

/// The pages before and after a page of the list at `path`.
pub fn neighbours(path: &str, number: i64, goes_on: bool) -> [Option<String>; 2] {
    let at = |number: i64| format!("{path}?page={number}");
    let next = (goes_on && number < LAST_PAGE).then(|| at(number + 1));
    [(number > 1).then(|| at(number - 1)), next]
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
    pub fn of(lang: Language, article: ArticleSummary) -> Self {
        Self {
            path: format!("/{lang}/articles/{}", article.slug),
            title: article.title,
            excerpt: article.excerpt,
            reading: words::reading_time(lang, article.reading_minutes),
        }
    }
}

/// The page of a category.
pub fn category_path(lang: Language, name: &str) -> String {
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

/// All categories, in their order.
pub struct Titles(Vec<KnowledgeCategory>);

impl Titles {
    /// Loads them.
    ///
    /// # Errors
    /// A database fault.
    pub async fn load(connection: &mut PgConnection) -> ApiResult<Self> {
        Ok(Self(categories::list(connection).await?))
    }

    /// What readers of a language call a category.
    pub fn of(&self, lang: Language, name: &str) -> String {
        let known = self.0.iter().find(|known| known.name == name);
        known.map_or(name, |known| title(lang, known)).to_owned()
    }

    /// The categories with something in them, by the numbers of articles and of questions.
    pub fn shelves(
        &self,
        lang: Language,
        articles: &HashMap<String, i64>,
        questions: &HashMap<String, i64>,
    ) -> Vec<Shelf> {
        let shelf = |known: &KnowledgeCategory| {
            let standing = [articles, questions].map(|numbers| numbers.get(&known.name));
            let count: i64 = standing.into_iter().flatten().sum();
            (count > 0).then(|| Shelf {
                path: category_path(lang, &known.name),
                title: title(lang, known).to_owned(),
                icon: icons::named(known.icon.as_deref()),
                count: words::standing(lang, count),
            })
        };
        self.0.iter().filter_map(shelf).collect()
    }
}

fn title(lang: Language, category: &KnowledgeCategory) -> &str {
    match lang {
        Language::Ru => &category.title_ru,
        Language::En => &category.title_en,
    }
}
