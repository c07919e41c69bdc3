//! The OpenAPI document says everything that a client's author has to know.

use std::collections::{BTreeMap, BTreeSet};

use kamhub_helpdesk::access::{self, Access};
use serde_json::Value;

use crate::operations::{self, Operation, resolve};
use crate::source::{none, read, root, rust};

/// How deep schemas are followed when an example is looked for.
const DEPTH: usize = 8;

fn check(what_to_do: &str, offence: impl Fn(&Operation) -> Vec<String>) {
    let operations = operations::all();
    assert!(!operations.is_empty(), "the document has no operation");
    let found: Vec<String> = operations
        .iter()
        .flat_map(|operation| {
            let name = format!("{} {}", operation.method, operation.path);
            offence(operation).into_iter().map(move |offence| format!("{name}: {offence}"))
        })
        .collect();
    none(&found, what_to_do);
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The first field of which a reader does not see what it looks like.
fn without_example(schema: &Value, depth: usize) -> Option<String> {
    let said = ["example", "examples", "const", "enum", "default"];
    if depth == 0 || said.iter().any(|key| schema.get(key).is_some()) {
        return None;
    }
    if schema.get("$ref").is_some() {
        return without_example(resolve(schema), depth - 1);
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        if let Some(parts) = schema.get(key).and_then(Value::as_array) {
            let mut parts = parts.iter().filter(|part| part["type"] != "null");
            return parts.find_map(|part| without_example(part, depth - 1));
        }
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        return properties.iter().find_map(|(name, property)| {
            let inside = without_example(property, depth - 1)?;
            Some(format!("{name}{}{inside}", if inside.is_empty() { "" } else { "." }))
        });
    }
    if let Some(items) = schema.get("items") {
        return without_example(items, depth - 1);
    }
    // A boolean, a number or a moment explains itself; an object without fields is free.
    let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
    let text_without_form = kind == "string" && text(schema, "format") != "date-time";
    text_without_form.then(String::new)
}

fn media_without_example(content: &Value) -> Vec<String> {
    let Some(content) = content.as_object() else { return Vec::new() };
    content
        .iter()
        .filter(|(_, media)| media.get("example").is_none() && media.get("examples").is_none())
        .filter_map(|(kind, media)| {
            let field = without_example(&media["schema"], DEPTH)?;
            Some(format!("no example of the {kind} body, nor of its field {field:?}"))
        })
        .collect()
}

#[test]
fn every_operation_has_an_id_of_its_own_a_tag_and_a_summary() {
    let mut seen = BTreeSet::new();
    let tags: Vec<String> = operations::document()["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| text(tag, "name").to_owned())
        .collect();
    for operation in operations::all() {
        assert!(seen.insert(operation.id.clone()), "two operations are called {}", operation.id);
    }
    check("Say it in #[utoipa::path(…)] and in the handler's doc comment:", |operation| {
        let mut found = Vec::new();
        if operation.id.is_empty() {
            found.push("no operation_id".to_owned());
        }
        if text(&operation.value, "summary").is_empty() {
            found.push("no summary: write a doc comment above the handler".to_owned());
        }
        let tag = operation.value["tags"][0].as_str().unwrap_or_default();
        if !tags.iter().any(|known| known == tag) {
            found.push(format!("the tag {tag:?} is not described in openapi.rs"));
        }
        found
    });
}

#[test]
fn every_operation_documents_a_success_and_every_failure_in_the_envelope() {
    check(
        "Complete `responses(…)`; errors common to all calls are added in openapi.rs:",
        |operation| {
            let mut found = Vec::new();
            let responses = operation.value["responses"].as_object().unwrap();
            if !responses.keys().any(|status| status.starts_with('2')) {
                found.push("no success".to_owned());
            }
            for (status, response) in responses {
                let response = resolve(response);
                if text(response, "description").is_empty() {
                    found.push(format!("{status} has no description"));
                }
                if !(status.starts_with('4') || status.starts_with('5')) {
                    continue;
                }
                let schema = &response["content"]["application/json"]["schema"];
                let body = text(schema, "$ref").ends_with("/ErrorBody");
                // A probe says what is away instead of only that something is.
                let probe = operation.id.starts_with("health") && status == "503";
                if !body && !probe {
                    found.push(format!("{status} has not the body ErrorBody"));
                }
            }
            found
        },
    );
}

#[test]
fn every_operation_that_asks_for_credentials_says_which() {
    let known = operations::document()["components"]["securitySchemes"].as_object().unwrap();
    check(
        "Security comes from the table in access.rs; give the operation its line there:",
        |operation| {
            let security = operation.value["security"].as_array();
            match access::of(&operation.id) {
                None => vec!["no line in the table of access.rs".to_owned()],
                Some(Access::Open | Access::SignIn | Access::Public) => Vec::new(),
                Some(_) => {
                    let named: Vec<&String> = security
                        .into_iter()
                        .flatten()
                        .flat_map(|one| one.as_object().unwrap().keys())
                        .collect();
                    let mut found = Vec::new();
                    for scheme in ["bearer", "apiKey"] {
                        if !named.iter().any(|name| *name == scheme) {
                            found.push(format!("security does not name {scheme}"));
                        }
                    }
                    let foreign = named.iter().filter(|name| !known.contains_key(**name));
                    found.extend(foreign.map(|name| format!("{name} is no security scheme")));
                    found
                }
            }
        },
    );
}

#[test]
fn a_tickets_link_is_a_credential_of_the_calls_that_take_it_and_of_no_other() {
    let customers = |access| {
        matches!(
            access,
            Some(
                Access::Public | Access::SignedIn | Access::StaffOrCustomer(_) | Access::Anyone(_)
            )
        )
    };
    check("Security comes from the table in access.rs; see openapi.rs:", |operation| {
        let security = operation.value["security"].as_array();
        let names =
            |scheme: &str| security.into_iter().flatten().any(|one| one.get(scheme).is_some());
        let wanted = customers(access::of(&operation.id));
        ["ticketLink", "ticketLinkInQuery"]
            .into_iter()
            .filter(|scheme| names(scheme) != wanted)
            .map(|scheme| format!("{scheme} must {}stand there", if wanted { "" } else { "not " }))
            .collect()
    });
}

#[test]
fn no_body_of_a_request_may_be_null() {
    check("A body that may be left out is an object where it is there:", |operation| {
        let schema = &operation.value["requestBody"]["content"]["application/json"]["schema"];
        let ways = schema["oneOf"].as_array();
        let null = ways.into_iter().flatten().any(|way| way["type"] == "null");
        if null { vec!["the body may be null by the document".to_owned()] } else { Vec::new() }
    });
}

#[test]
fn every_body_has_an_example() {
    check("Add `example = json!(…)` or `#[schema(examples(…))]` on the fields:", |operation| {
        let mut found = media_without_example(&operation.value["requestBody"]["content"]);
        for (status, response) in operation.value["responses"].as_object().unwrap() {
            if status.starts_with('2') {
                let missing = media_without_example(&resolve(response)["content"]);
                found.extend(missing.iter().map(|what| format!("{status}: {what}")));
            }
        }
        found
    });
}

#[test]
fn every_parameter_of_a_path_is_described() {
    check("Describe it in `params(…)`:", |operation| {
        let parameters = operation.value["parameters"].as_array().cloned().unwrap_or_default();
        let described = |name: &str| {
            parameters.iter().any(|parameter| {
                let parameter = resolve(parameter);
                text(parameter, "name") == name
                    && text(parameter, "in") == "path"
                    && parameter.get("schema").is_some()
            })
        };
        operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .filter(|name| !described(name))
            .map(|name| format!("the path parameter {name}"))
            .collect()
    });
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if value.get("$ref").is_some_and(Value::is_string) && resolve(value).is_null() {
                    found.push(text(value, "$ref").to_owned());
                }
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(operations::document(), &mut found);
    none(&found, "Add the schema to the components of the document (openapi.rs):");
}

#[test]
fn the_committed_document_is_the_generated_one() {
    const HOW: &str = "run `cargo run -p kamhub -- openapi > openapi.json` and commit the result";
    assert!(root().join("openapi.json").exists(), "openapi.json is missing: {HOW}");
    let committed: Value = serde_json::from_str(&read("openapi.json"))
        .unwrap_or_else(|error| panic!("openapi.json is no JSON ({error}): {HOW}"));
    assert!(committed == *operations::document(), "openapi.json is out of date: {HOW}");
}

/// The names that a source gives to schemas: a type that derives `ToSchema`, or a `wire_enum!`.
fn schemas_of(code: &str) -> Vec<&str> {
    let name = |rest: &'_ str| -> Option<(usize, usize)> {
        let (at, word) = ["struct ", "enum "]
            .into_iter()
            .filter_map(|word| rest.find(word).map(|at| (at, word)))
            .min_by_key(|(at, _)| *at)?;
        let begin = at + word.len();
        let end = rest[begin..].find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
        Some((begin, begin + end))
    };
    let derives = code.match_indices("#[derive(").filter_map(|(at, _)| {
        let rest = &code[at..];
        let end = rest.find(")]")?;
        rest[..end].contains("ToSchema").then_some(rest)
    });
    let enums = code.match_indices("wire_enum! {").map(|(at, _)| &code[at..]);
    derives.chain(enums).filter_map(|rest| name(rest).map(|(from, to)| &rest[from..to])).collect()
}

#[test]
fn two_schemas_never_share_a_name() {
    let sources = rust();
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        for name in schemas_of(&source.code) {
            places.entry(name).or_default().push(&source.path);
        }
    }
    assert!(places.len() > 100, "the guard has found {} schemas only", places.len());
    let found: Vec<String> = places
        .iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|(name, files)| format!("{name}: {}", files.join(", ")))
        .collect();
    none(
        &found,
        "In the document the later one would replace the earlier one; rename one of them:",
    );
}
