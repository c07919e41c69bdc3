//! Every route stands in routes.rs, and every handler is reached by one.

use crate::operations;
use crate::source::{Source, none, rust};

/// Files that make routes although they are not the list, each with the reason.
const OTHER_ROUTES: &[(&str, &str)] = &[
    (
        "crates/helpdesk/src/openapi.rs",
        "the document itself and its page, which it cannot describe",
    ),
    (
        "crates/helpdesk/src/operations/http/mod.rs",
        "the probes alone, for a process that has workers and no API",
    ),
    ("crates/helpdesk/src/console.rs", "the console's files, which are no calls"),
];

fn helpdesk() -> Vec<Source> {
    rust().into_iter().filter(|s| s.in_helpdesk().is_some() && !s.is_test()).collect()
}

fn list() -> Source {
    helpdesk().into_iter().find(|source| source.in_helpdesk() == Some("routes.rs")).unwrap()
}

/// What stands in the brackets of `routes!(…)`, one handler each.
fn listed_handlers(code: &str) -> Vec<String> {
    let mut handlers = Vec::new();
    for (at, _) in code.match_indices("routes!(") {
        let inside = &code[at + 8..];
        let end = inside.find(')').unwrap_or(inside.len());
        handlers.extend(
            inside[..end].split(',').map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()),
        );
    }
    handlers
}

#[test]
fn a_route_is_made_in_the_list_and_nowhere_else() {
    let mut found = Vec::new();
    for source in rust().iter().filter(|source| !source.is_test()) {
        let listed = source.in_helpdesk() == Some("routes.rs")
            || OTHER_ROUTES.iter().any(|(path, _)| *path == source.path);
        if listed {
            continue;
        }
        for word in ["routes!(", ".route(", ".nest(", ".route_service(", ".nest_service("] {
            if source.code.contains(word) {
                found.push(format!("{}: {word}…)", source.path));
            }
        }
    }
    none(&found, "Put the route into crates/helpdesk/src/routes.rs, where everybody looks for it:");
}

#[test]
fn no_handler_is_listed_twice_and_each_is_one_operation() {
    let mut handlers = listed_handlers(&list().code);
    handlers.sort();
    let twice: Vec<String> =
        handlers.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    none(&twice, "Remove the second line from routes.rs:");
    assert_eq!(
        handlers.len(),
        operations::all().len(),
        "routes.rs lists {} handlers, the document has {} operations: two handlers share a path \
         and method, or a macro names routes that this guard cannot read",
        handlers.len(),
        operations::all().len()
    );
}

#[test]
fn every_endpoint_has_an_operation_id_and_is_listed() {
    let handlers = listed_handlers(&list().code);
    let mut found = Vec::new();
    let mut endpoints = 0;
    for source in helpdesk() {
        for (at, _) in source.code.match_indices("#[utoipa::path(") {
            endpoints += 1;
            let rest = &source.code[at..];
            let Some(name_at) = rest.find("fn ") else { continue };
            if !rest[..name_at].contains("operation_id") {
                found.push(format!("{}: give the endpoint an operation_id", source.path));
            }
            let name: String = rest[name_at + 3..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let file = source.path.rsplit('/').next().unwrap().trim_end_matches(".rs");
            let call = format!("{file}::{name}");
            if !handlers.iter().any(|handler| handler.ends_with(&call) || *handler == name) {
                found.push(format!("{}: {call} is not in routes.rs", source.path));
            }
        }
    }
    none(&found, "Complete the endpoint, or remove it:");
    assert_eq!(endpoints, handlers.len(), "routes.rs and the #[utoipa::path] endpoints differ");
}

#[test]
fn an_endpoint_has_a_file_of_its_own_in_http() {
    let mut found = Vec::new();
    for source in helpdesk() {
        let endpoints = source.code.matches("#[utoipa::path(").count();
        let in_http = source.path.contains("/http/") || source.path.contains("/operations/");
        if endpoints > 0 && !in_http {
            found.push(format!("{}: move the endpoint into its slice's http/", source.path));
        }
        if endpoints > 2 {
            found.push(format!("{}: {endpoints} endpoints in one file", source.path));
        }
    }
    none(&found, "One file per endpoint (a second one only for the same thing, done and undone):");
}
