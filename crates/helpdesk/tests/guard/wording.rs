//! What the code says and what the documents say is the same.

use std::collections::BTreeSet;

use crate::source::{none, read, rust};

/// Words in capitals that are no error codes.
const NOT_CODES: &[&str] = &[
    "FIRST_RESPONSE_SLA",
    "NEXT_RESPONSE_SLA",
    "RESOLUTION_SLA",
    "PG_VERSION",
    "CARGO_PKG_VERSION",
];

/// The error codes that the code can answer with.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for source in rust() {
        if source.is_test() || !["httpkit", "helpdesk"].contains(&source.house()) {
            continue;
        }
        if source.path.contains("/seed/") {
            continue;
        }
        let words = source.literals.iter().map(|(_, text)| text.as_str());
        codes.extend(words.filter(|word| is_code(word)).map(str::to_owned));
    }
    codes
}

fn is_code(word: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase());
    word.len() > 6 && word.split('_').all(letters) && !NOT_CODES.contains(&word)
}

/// The codes that have a row in docs/ERRORS.md.
fn documented() -> BTreeSet<String> {
    read("docs/ERRORS.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_error_code_is_documented_and_every_documented_one_exists() {
    let (codes, documented) = (codes(), documented());
    assert!(codes.contains("VALIDATION_FAILED"), "the guard finds no codes: {codes:?}");
    let missing: Vec<String> = codes.difference(&documented).cloned().collect();
    none(&missing, "Give the code a row in docs/ERRORS.md (status, meaning, what to do):");
    let gone: Vec<String> = documented.difference(&codes).cloned().collect();
    none(&gone, "No code answers with it; remove the row from docs/ERRORS.md:");
}

#[test]
fn the_product_never_stops_by_unwrap_or_leaves_something_to_do() {
    let words = [".unwrap()", ".expect(", "todo!(", "unimplemented!(", "panic!(", "unreachable!("];
    let mut found = Vec::new();
    for source in rust().iter().filter(|source| !source.is_test()) {
        for (number, line) in source.code.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                if !is_excused(source, number) {
                    found.push(format!("{}:{}: {word}", source.path, number + 1));
                }
            }
        }
        for (number, line) in source.text.lines().enumerate() {
            // Composed, so that this file may speak of them.
            let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X ")];
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!("{}:{}: unfinished", source.path, number + 1));
            }
        }
    }
    none(&found, "Return an error with a sentence, or finish it:");
}

/// Whether an `#[allow(…, reason = "…")]` stands within the lines above.
fn is_excused(source: &crate::source::Source, number: usize) -> bool {
    let lines: Vec<&str> = source.code.lines().collect();
    let from = number.saturating_sub(40);
    let function = (from..=number).rev().find(|n| lines[*n].contains("fn ")).unwrap_or(from);
    let above = lines[function.saturating_sub(6)..=number].join("\n");
    above.contains("clippy::") && above.contains("reason =")
}

#[test]
fn nothing_committed_names_a_developers_machine() {
    let marks = [
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/wor", "k/"),
        concat!("/tmp/", "wt"),
        concat!("/tmp/", "devpg"),
        concat!("arti", "factory"),
        concat!("nex", "us."),
        concat!("index.crates", ".io"),
        concat!("registry.npmjs", ".org"),
        concat!("pypi", ".org/simple"),
    ];
    let mut found = Vec::new();
    for extension in ["rs", "md", "toml", "sql", "sh", "yml", "yaml", "svelte", "ts", "txt"] {
        for path in crate::source::files(".", extension) {
            if path.ends_with("package-lock.json") {
                continue;
            }
            for (number, line) in read(&path).lines().enumerate() {
                for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                    // Homes inside containers and examples of paths are nobody's own.
                    if !(line.contains("/home/kamhub") || line.contains("/var/work/")) {
                        found.push(format!("{path}:{}: {mark}", number + 1));
                    }
                }
            }
        }
    }
    none(&found, "Write a path from the root of the repository, and no registry's host:");
}
