//! An event on its way out of the house; no I/O.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::catalogue;
use crate::events::{Event, EventType};

/// The beginning of every event's type on the bus.
pub const TYPE_PREFIX: &str = "kamhub.support.";
/// The media type of an event with its envelope.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// An event with its place in the order of the bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The place: consumers read in this order, which for one subject is that of what happened.
    pub position: i64,
    /// The event.
    pub event: Event,
}

/// An event in its envelope: CloudEvents 1.0 in JSON, with the extensions `sequence` and `partitionkey`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CloudEvent {
    /// Always 1.0.
    #[schema(examples("1.0"))]
    pub specversion: &'static str,
    /// Stable: an event that arrives twice has the same id both times.
    #[schema(examples("4711"))]
    pub id: String,
    /// The address of the product that tells it. Together with the id it is unique in the world.
    #[schema(examples("https://support.example.com"))]
    pub source: String,
    /// The name of the event and the version of its data.
    #[serde(rename = "type")]
    #[schema(examples("kamhub.support.ticket.created.v1"))]
    pub kind: String,
    /// What it is about.
    #[schema(examples("tickets/17"))]
    pub subject: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// Always application/json.
    #[schema(examples("application/json"))]
    pub datacontenttype: &'static str,
    /// The place in the order of all events: 20 digits, so that texts compare as numbers do.
    #[schema(pattern = "^[0-9]{20}$", examples("00000000000000004711"))]
    pub sequence: String,
    /// Events with the same key are told in order; it is the subject.
    #[schema(examples("tickets/17"))]
    pub partitionkey: String,
    /// What is said of it; its shape belongs to the type.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl Placed {
    /// The event in its envelope. `source` is the product's public address.
    pub fn envelope(&self, source: &str) -> CloudEvent {
        let event = &self.event;
        let mut data = event.data.clone();
        if let Some(fields) = data.as_object_mut() {
            let withheld = entry_of(&event.kind).map_or(&[][..], |entry| entry.withheld);
            fields.retain(|name, _| !withheld.contains(&name.as_str()));
        }
        CloudEvent {
            specversion: "1.0",
            id: event.id.to_string(),
            source: source.to_owned(),
            kind: type_of(&event.kind),
            subject: event.subject.clone(),
            time: event.occurred_at,
            datacontenttype: "application/json",
            sequence: format!("{:020}", self.position),
            partitionkey: event.subject.clone(),
            data,
        }
    }
}

fn entry_of(word: &str) -> Option<&'static catalogue::Entry> {
    word.parse::<EventType>().ok().and_then(catalogue::entry)
}

/// The type on the bus for an event's word, such as `kamhub.support.ticket.created.v1`.
pub fn type_of(word: &str) -> String {
    format!("{TYPE_PREFIX}{word}.v{}", entry_of(word).map_or(1, |entry| entry.version))
}

/// Whether a filter takes an event: its name, the beginning of it (`ticket.*`), or everything (`*`).
pub fn matches(filter: &str, word: &str) -> bool {
    match filter.strip_suffix('*') {
        Some("") => true,
        Some(start) => start.ends_with('.') && word.starts_with(start),
        None => filter == word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_name_or_the_beginning_of_one() {
        assert!(matches("*", "ticket.created"));
        assert!(matches("ticket.*", "ticket.created"));
        assert!(matches("ticket.*", "ticket.message.created"));
        assert!(matches("ticket.created", "ticket.created"));
        assert!(!matches("ticket.*", "tickets.created"));
        assert!(!matches("ticket*", "ticket.created"), "a star stands after a dot");
        assert!(!matches("ticket.created", "ticket.created.again"));
        assert!(!matches("ticket.message.*", "ticket.created"));
    }

    #[test]
    fn the_envelope_is_stable_and_its_sequences_compare_as_texts() {
        let event = |position| {
            let (kind, subject) = ("ticket.created".to_owned(), "tickets/3".to_owned());
            let (occurred_at, data) = (DateTime::UNIX_EPOCH, Value::Null);
            Placed { position, event: Event { id: 17, kind, subject, occurred_at, data } }
        };
        let (ninth, tenth) = (event(9).envelope("https://a"), event(10).envelope("https://a"));
        assert_eq!(ninth.kind, "kamhub.support.ticket.created.v1");
        assert_eq!((ninth.id.as_str(), ninth.partitionkey.as_str()), ("17", "tickets/3"));
        assert!(ninth.sequence < tenth.sequence);
    }

    #[test]
    fn what_opens_a_door_is_not_told() {
        let event = Event {
            id: 17,
            kind: "csat.requested".to_owned(),
            subject: "tickets/3".to_owned(),
            occurred_at: DateTime::UNIX_EPOCH,
            data: serde_json::json!({"ticketId": "3", "link": "https://a/rate?token=secret"}),
        };
        let told = Placed { position: 1, event }.envelope("https://a");
        assert_eq!(told.data, serde_json::json!({"ticketId": "3"}));
    }
}
