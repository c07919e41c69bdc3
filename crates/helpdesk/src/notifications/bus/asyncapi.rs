//! The AsyncAPI document: every event with its schema and an example, for those who listen.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::catalogue::{ALL, Entry, Schemas};
use super::model::{CloudEvent, MEDIA_TYPE, Placed, type_of};
use crate::events::{Event, EventType};

/// The name of the Redis stream where nothing else is configured.
pub const DEFAULT_STREAM: &str = "kamhub:events";

/// What the document calls its channels.
const STREAM: &str = "stream";
const WEBHOOK: &str = "webhook";

/// The document, as `kamhub asyncapi` prints it.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut messages = Map::new();
    for entry in ALL {
        let data = (entry.schema)(&mut schemas);
        messages.insert(entry.kind.as_str().to_owned(), message(entry, &data));
    }
    CloudEvent::schemas(&mut schemas);
    schemas.push(("CloudEvent".to_owned(), CloudEvent::schema()));
    schemas.sort_by(|(a, _), (b, _)| a.cmp(b));
    schemas.dedup_by(|(a, _), (b, _)| a == b);
    let schemas: Map<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default()))
        .collect();
    let channel = |name: &str, address: Value, title: &str, description: &str| {
        let messages: Map<String, Value> = told(name)
            .map(|word| (word.clone(), json!({"$ref": format!("#/components/messages/{word}")})))
            .collect();
        json!({"address": address, "title": title, "description": description, "messages": messages})
    };
    let sending = |name: &str, summary: &str| {
        let messages: Vec<Value> = told(name)
            .map(|word| json!({"$ref": format!("#/channels/{name}/messages/{word}")}))
            .collect();
        json!({
            "action": "send", "summary": summary,
            "channel": {"$ref": format!("#/channels/{name}")},
            "messages": messages,
        })
    };
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:kamhub:support:events",
        "info": {
            "title": "KamHub Support: events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What happened in the support desk, told to the rest of the platform in CloudEvents 1.0 \
                envelopes: at least once, in order for each subject, and with an id by which a repetition is \
                recognised. docs/EVENTS.md says how to listen.",
            "license": {"name": "AGPL-3.0-or-later", "url": "https://www.gnu.org/licenses/agpl-3.0.html"},
        },
        "defaultContentType": MEDIA_TYPE,
        "channels": {
            "stream": channel(STREAM, json!(DEFAULT_STREAM), "A Redis stream",
                "Where Redis is configured. Each entry has the field `event`: the envelope in JSON."),
            "webhook": channel(WEBHOOK, Value::Null, "A webhook",
                "A POST to each endpoint whose filter takes the event, signed by Standard Webhooks."),
        },
        "operations": {
            "tellStream": sending(STREAM, "Every event is added to the stream"),
            "tellWebhooks": sending(WEBHOOK, "Every event is posted to the endpoints that want it"),
        },
        "components": {"messages": messages, "schemas": schemas},
    })
}

/// The events of a channel: a test concerns one webhook and nobody else.
fn told(channel: &str) -> impl Iterator<Item = String> {
    let tests = channel == WEBHOOK;
    let kinds = ALL.iter().map(|entry| entry.kind);
    kinds.filter(move |kind| tests || *kind != EventType::WebhookTest).map(|kind| kind.to_string())
}

fn message(entry: &Entry, data: &str) -> Value {
    let word = entry.kind.as_str();
    let kind = type_of(word);
    json!({
        "name": kind,
        "title": word,
        "summary": entry.summary,
        "contentType": MEDIA_TYPE,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {"type": "object", "properties": {
                    "type": {"const": kind},
                    "data": {"$ref": format!("#/components/schemas/{data}")},
                }},
            ],
        },
        "examples": [{"name": word, "payload": example(entry)}],
    })
}

fn example(entry: &Entry) -> Value {
    let event = Event {
        id: 4711,
        kind: entry.kind.to_string(),
        subject: entry.subject.to_owned(),
        occurred_at: chrono::DateTime::from_timestamp(1_795_263_294, 0).unwrap_or_default(),
        data: (entry.example)(),
    };
    let placed = Placed { position: 4711, event };
    serde_json::to_value(placed.envelope("https://support.example.com")).unwrap_or_default()
}
