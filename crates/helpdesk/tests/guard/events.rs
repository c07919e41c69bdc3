//! Every event is documented: those who listen learn its shape before they meet it.

use kamhub_helpdesk::events::EventType;
use kamhub_helpdesk::notifications::bus::{asyncapi, catalogue};
use serde_json::Value;

use crate::source::{none, read, root};

#[test]
fn every_event_has_a_schema_and_an_example() {
    let found: Vec<String> = EventType::ALL
        .iter()
        .filter(|kind| catalogue::entry(**kind).is_none())
        .map(|kind| format!("{kind} (EventType::{kind:?})"))
        .collect();
    none(
        &found,
        "Add the event to ALL in crates/helpdesk/src/notifications/bus/catalogue.rs, with the shape of its data in \
         payloads.rs and an example in examples.rs:",
    );
    let mut names: Vec<_> = catalogue::ALL.iter().map(|entry| entry.kind).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), catalogue::ALL.len(), "an event stands twice in catalogue.rs");
}

#[test]
fn every_event_is_named_in_the_document_for_people() {
    let document = read("docs/EVENTS.md");
    let found: Vec<String> = EventType::ALL
        .iter()
        .map(|kind| format!("`{kind}`"))
        .filter(|name| !document.contains(name.as_str()))
        .collect();
    none(&found, "Give the event a row in docs/EVENTS.md:");
}

#[test]
fn every_reference_of_the_asyncapi_document_leads_somewhere() {
    fn walk(value: &Value, document: &Value, found: &mut Vec<String>) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            // A JSON pointer: a dot is no special letter in it.
            if document.pointer(reference.trim_start_matches('#')).is_none() {
                found.push(reference.to_owned());
            }
        }
        match value {
            Value::Object(fields) => fields.values().for_each(|value| walk(value, document, found)),
            Value::Array(items) => items.iter().for_each(|value| walk(value, document, found)),
            _ => {}
        }
    }
    let document = asyncapi::document();
    let mut found = Vec::new();
    walk(&document, &document, &mut found);
    none(&found, "Correct asyncapi.rs, or add the schema in catalogue.rs:");
}

#[test]
fn the_committed_asyncapi_document_is_the_generated_one() {
    const HOW: &str = "run `cargo run -p kamhub -- asyncapi > asyncapi.json` and commit the result";
    assert!(root().join("asyncapi.json").exists(), "asyncapi.json is missing: {HOW}");
    let committed: Value = serde_json::from_str(&read("asyncapi.json"))
        .unwrap_or_else(|error| panic!("asyncapi.json is no JSON ({error}): {HOW}"));
    assert!(committed == asyncapi::document(), "asyncapi.json is out of date: {HOW}");
}
