//! What the demo is told from: people, tours, scenarios and articles, built into the binary.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::SeedError;

/// The language of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Language {
    Ru,
    En,
}

impl Language {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }
}

/// Which forms of the Russian past tense a person takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Gender {
    #[serde(rename = "m")]
    Masculine,
    #[serde(rename = "f")]
    Feminine,
}

#[derive(Debug, Deserialize)]
pub(super) struct Agent {
    pub(super) name: String,
    pub(super) signs_en: String,
    pub(super) gender: Gender,
    pub(super) email: String,
    pub(super) team: String,
    pub(super) specialization: Vec<String>,
    pub(super) timezone: String,
    pub(super) hours: [String; 2],
    pub(super) capacity: i64,
    pub(super) status: String,
    pub(super) writes: Vec<Language>,
}

/// A customer: name, gender, and the town they come from (in the genitive where it is Russian).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Person(pub(super) String, pub(super) Gender, pub(super) String);

#[derive(Debug, Deserialize)]
pub(super) struct People {
    pub(super) ru: Vec<Person>,
    pub(super) en: Vec<Person>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tour {
    pub(super) id: String,
    pub(super) ru: String,
    pub(super) en: String,
    /// The months of the year in which it runs.
    pub(super) months: Vec<u32>,
}

/// When the tour of a conversation takes place, seen from the ticket's creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum When {
    /// In the next season.
    #[default]
    Future,
    /// In the coming days.
    Soon,
    /// Some days ago.
    Past,
}

/// One turn of a conversation, or several ways to say it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Turn {
    One(String),
    Any(Vec<String>),
}

impl Turn {
    pub(super) fn ways(&self) -> &[String] {
        match self {
            Self::One(way) => std::slice::from_ref(way),
            Self::Any(ways) => ways,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Scenario {
    pub(super) key: String,
    pub(super) lang: Language,
    pub(super) category: String,
    pub(super) priority: Vec<String>,
    pub(super) tags: Vec<String>,
    #[serde(default)]
    pub(super) when: When,
    #[serde(default)]
    pub(super) tours: Vec<String>,
    pub(super) subject: Vec<String>,
    pub(super) open: Vec<String>,
    pub(super) turns: Vec<Turn>,
    /// What the agent tells the customer, and notes for colleagues, when the ticket is put on hold.
    pub(super) hold: Option<[String; 2]>,
    /// With what the customer comes back after the ticket was resolved.
    pub(super) reopen: Option<String>,
    pub(super) resolution: String,
}

/// Turns of phrase that every scenario of a language shares.
#[derive(Debug, Deserialize)]
pub(super) struct Phrases {
    pub(super) customer_hi: Vec<String>,
    pub(super) customer_bye: Vec<String>,
    pub(super) agent_hi: Vec<String>,
    pub(super) agent_bye: Vec<String>,
    pub(super) pax: Vec<String>,
    pub(super) hotel: Vec<String>,
    pub(super) impatient: Vec<String>,
    pub(super) snooze_note: Vec<String>,
    pub(super) duplicate_subject: Vec<String>,
    pub(super) duplicate_open: Vec<String>,
    pub(super) merge_note: String,
    pub(super) follow_up_subject: Vec<String>,
    pub(super) follow_up_open: Vec<String>,
    pub(super) follow_up_reply: Vec<String>,
    pub(super) no_reply_close: String,
    /// Comments by the number of stars.
    pub(super) rating: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PhraseBook {
    pub(super) ru: Phrases,
    pub(super) en: Phrases,
    /// Answers to the survey: language, overall rating, comment.
    pub(super) survey: Vec<(Language, i64, String)>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Article {
    pub(super) title: String,
    pub(super) category: String,
    pub(super) tags: Vec<String>,
    pub(super) content: String,
    pub(super) language: Language,
    pub(super) published: bool,
    /// The title of the article that it is a translation of.
    #[serde(default)]
    pub(super) translation_of: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Faq {
    pub(super) question: String,
    pub(super) answer: String,
    pub(super) category: String,
    pub(super) priority: i64,
}

/// Rare words for the benchmark are made of a beginning and an ending each.
#[derive(Debug, Deserialize)]
pub(super) struct RareWords {
    beginnings: Vec<String>,
    endings: Vec<String>,
}

impl RareWords {
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        let endings = self.endings.iter();
        endings.flat_map(|end| self.beginnings.iter().map(move |begin| format!("{begin}{end}")))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Vocabulary {
    pub(super) ru: RareWords,
    pub(super) en: RareWords,
}

/// A category of articles and questions, as its row is written.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct KnowledgeCategory {
    name: String,
    title_ru: String,
    title_en: String,
    icon: String,
    position: i32,
}

/// Everything together.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) agents: Vec<Agent>,
    pub(super) people: People,
    pub(super) tours: Vec<Tour>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) phrases: PhraseBook,
    pub(super) categories: Vec<KnowledgeCategory>,
    pub(super) articles: Vec<Article>,
    pub(super) faqs: Vec<Faq>,
    pub(super) vocabulary: Vocabulary,
}

impl Content {
    /// Reads the built-in files.
    pub(super) fn load() -> Result<Self, SeedError> {
        let mut scenarios: Vec<Scenario> = Vec::new();
        for text in [
            include_str!("content/scenarios_ru_money.json"),
            include_str!("content/scenarios_ru_trips.json"),
            include_str!("content/scenarios_ru_site.json"),
            include_str!("content/scenarios_en.json"),
        ] {
            scenarios.extend(read::<Vec<Scenario>>(text)?);
        }
        Ok(Self {
            agents: read(include_str!("content/agents.json"))?,
            people: read(include_str!("content/customers.json"))?,
            tours: read(include_str!("content/tours.json"))?,
            scenarios,
            phrases: read(include_str!("content/phrases.json"))?,
            categories: read(include_str!("content/categories.json"))?,
            articles: read(include_str!("content/articles.json"))?,
            faqs: read(include_str!("content/faqs.json"))?,
            vocabulary: read(include_str!("content/vocabulary.json"))?,
        })
    }

    pub(super) fn phrases(&self, language: Language) -> &Phrases {
        match language {
            Language::Ru => &self.phrases.ru,
            Language::En => &self.phrases.en,
        }
    }

    /// Every sentence of the demo, without slots, for the benchmark's vocabulary.
    pub(super) fn sentences(&self) -> Vec<String> {
        let told = self.scenarios.iter().flat_map(|scenario| {
            let turns = scenario.turns.iter().flat_map(Turn::ways);
            scenario.open.iter().chain(&scenario.subject).chain(turns)
        });
        let originals = self.articles.iter().filter(|article| article.translation_of.is_none());
        let written = originals.map(|article| &article.content);
        told.chain(written)
            .flat_map(|text| text.split(['\n', '|', '{', '}']))
            .map(|line| {
                ["A: ", "C: ", "N: "].iter().find_map(|who| line.strip_prefix(who)).unwrap_or(line)
            })
            .map(|line| line.trim_start_matches(['#', '-', ',', '!', ':', ' ']).trim())
            .filter(|line| line.chars().count() > 20 && line.starts_with(char::is_uppercase))
            .map(str::to_owned)
            .collect()
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, SeedError> {
    serde_json::from_str(text).map_err(|error| SeedError::Content(error.to_string()))
}
