//! What is found, as it is shown.

use std::collections::{BTreeMap, BTreeSet};

use kamhub_postgres::PgConnection;

use crate::search::error::Error;
use crate::search::ladder::Reading;
use crate::search::model::{DocumentKind, Hit, Rung};
use crate::search::repo::{desk, documents};
use crate::search::service::reading::Read;
use crate::search::snippet;

/// Where a result comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Tickets,
    Messages,
    Customers,
    Documents,
}

/// A result that is not shown yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) group: Group,
    pub(super) id: i64,
    pub(super) score: f64,
    pub(super) rung: Rung,
}

impl Place {
    /// Whether the words of the query stand in it, and not only an identifier or a name.
    pub(super) fn has_the_words(&self) -> bool {
        self.rung == Rung::AllWords && self.group != Group::Customers
    }
}

/// The stems that are marked: of every word of these readings, and of those that begin alike.
fn lexemes<'a>(readings: impl IntoIterator<Item = &'a Reading>) -> BTreeSet<String> {
    readings.into_iter().flat_map(lexemes_of).collect()
}

fn lexemes_of(reading: &Reading) -> BTreeSet<String> {
    let telling = reading.slots.iter().any(|slot| !slot.known.stop);
    let mut found = BTreeSet::new();
    for slot in &reading.slots {
        if telling && slot.known.stop && slot.phrase.is_none() {
            continue;
        }
        found.insert(slot.known.lexeme.clone());
        found.extend(slot.known.same.iter().cloned());
        found.extend(slot.known.related.iter().map(|(lexeme, _)| lexeme.clone()));
    }
    found
}

/// The results of a page, in its order.
pub(super) async fn shown(
    connection: &mut PgConnection,
    read: &Read,
    page: &[Place],
) -> Result<Vec<Hit>, Error> {
    let lexemes = lexemes(std::iter::once(&read.reading).chain(&read.typed));
    let ids = |group: Group| -> Vec<i64> {
        page.iter().filter(|place| place.group == group).map(|place| place.id).collect()
    };
    let mut hits: BTreeMap<(Group, i64), Hit> = BTreeMap::new();
    let documents = ids(Group::Documents);
    if !documents.is_empty() {
        for shown in documents::shown(connection, &documents).await? {
            hits.insert((Group::Documents, shown.id), document(shown, &lexemes));
        }
    }
    let desk = [
        (Group::Tickets, DocumentKind::Ticket),
        (Group::Messages, DocumentKind::Message),
        (Group::Customers, DocumentKind::Customer),
    ];
    for (group, kind) in desk {
        for shown in desk::shown(connection, kind, &ids(group)).await? {
            hits.insert((group, shown.id), of_desk(shown, kind, &lexemes));
        }
    }
    Ok(page
        .iter()
        .filter_map(|place| {
            let hit = hits.remove(&(place.group, place.id))?;
            Some(Hit { score: normal(place.score), found_by: place.rung, ..hit })
        })
        .collect())
}

fn document(shown: documents::Shown, lexemes: &BTreeSet<String>) -> Hit {
    Hit {
        kind: shown.kind,
        id: shown.public_id.to_string(),
        title: snippet::marked(&shown.title, lexemes),
        snippet: snippet::snippet(&shown.body, lexemes),
        found_by: Rung::AllWords,
        score: 0.0,
        at: shown.changed_at,
        language: Some(shown.language),
        category: Some(shown.category),
        slug: shown.slug,
        is_public: Some(shown.is_public),
        ticket_id: None,
        ticket_number: None,
        status: None,
        email: None,
    }
}

fn of_desk(shown: desk::Shown, kind: DocumentKind, lexemes: &BTreeSet<String>) -> Hit {
    Hit {
        kind,
        id: shown.id.to_string(),
        title: snippet::marked(&shown.title, lexemes),
        snippet: snippet::snippet(&shown.body, lexemes),
        found_by: Rung::AllWords,
        score: 0.0,
        at: shown.created_at,
        language: None,
        category: shown.category,
        slug: None,
        is_public: None,
        ticket_id: shown.ticket_id.map(|id| id.to_string()),
        ticket_number: shown.ticket_number,
        status: shown.status,
        email: shown.email,
    }
}

/// A score between 0 and 1, to two places.
fn normal(score: f64) -> f64 {
    (score / (1.0 + score) * 100.0).round() / 100.0
}
