//! Suggestions while somebody types.

use std::collections::BTreeSet;

use kamhub_postgres::PgConnection;

use crate::language::Language;
use crate::search::error::Error;
use crate::search::model::{CorrectedBy, Correction, Suggested, Suggestion};
use crate::search::query::{LONGEST, fold};
use crate::search::repo::suggest::{self, Title};
use crate::search::{keyboard, rank, snippet, translit};

/// Titles of published articles and questions that go on from what was typed: as it stands, else in the other
/// keyboard layout, else with its words in the other alphabet.
///
/// # Errors
/// A database fault.
pub async fn suggest(
    connection: &mut PgConnection,
    text: &str,
    language: Option<Language>,
    limit: i64,
) -> Result<Suggested, Error> {
    let text: String = text.trim().chars().take(LONGEST).collect();
    for (reading, by) in readings(&text) {
        let words = fold(&reading);
        let Some(beginnings) = rank::beginnings(&words) else { continue };
        let plain = reading.to_lowercase().replace('ё', "е");
        let found = suggest::titles(connection, &beginnings, &plain, language, limit).await?;
        if !found.is_empty() {
            let marks: BTreeSet<String> = words.into_iter().collect();
            let corrected = by.map(|by| Correction { from: text.clone(), to: reading, by });
            let suggestions = found.into_iter().map(|title| shown(title, &marks)).collect();
            return Ok(Suggested { query: text, corrected, suggestions });
        }
    }
    Ok(Suggested { query: text, corrected: None, suggestions: Vec::new() })
}

fn readings(text: &str) -> Vec<(String, Option<CorrectedBy>)> {
    let mut readings = vec![(text.to_owned(), None)];
    let swapped = keyboard::swapped(text);
    readings.extend(swapped.map(|swapped| (swapped, Some(CorrectedBy::Keyboard))));
    let spelled: Option<Vec<String>> =
        fold(text).iter().map(|word| translit::readings(word).into_iter().next()).collect();
    let spelled = spelled.filter(|words| !words.is_empty()).map(|words| words.join(" "));
    readings.extend(spelled.map(|spelled| (spelled, Some(CorrectedBy::Transliteration))));
    readings
}

fn shown(title: Title, beginnings: &BTreeSet<String>) -> Suggestion {
    Suggestion {
        kind: title.kind,
        id: title.public_id.to_string(),
        title: snippet::begun(&title.title, beginnings),
        language: title.language,
        slug: title.slug,
    }
}
