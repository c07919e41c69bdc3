//! The documents lead where they say, and both READMEs say the same.

use std::collections::BTreeSet;

use crate::source::{files, none, read, root};

const HOUSE: &[&str] = &[
    "README.md",
    "README.ru.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "docs/ARCHITECTURE.md",
    "docs/ADDING-A-FEATURE.md",
    "docs/API-DESIGN.md",
    "docs/ERRORS.md",
    "docs/EVENTS.md",
    "docs/JOBS.md",
    "docs/LOGGING.md",
    "docs/MIGRATIONS.md",
    "docs/adr/0001-the-house.md",
];

/// The commands of a document: lines of its code blocks that call one of our programs.
fn commands(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside && !line.contains("json");
            continue;
        }
        let command = line.split("  #").next().unwrap_or_default().trim();
        if inside
            && ["./", "curl ", "kamhub ", "cargo ", "git "].iter().any(|s| command.starts_with(s))
        {
            commands.push(command.to_owned());
        }
    }
    commands
}

fn headings(text: &str) -> Vec<usize> {
    let mut inside = false;
    let mut levels = Vec::new();
    for line in text.lines() {
        inside ^= line.starts_with("```");
        if !inside && line.starts_with('#') {
            levels.push(line.bytes().take_while(|byte| *byte == b'#').count());
        }
    }
    levels
}

/// GitHub's anchor of a heading.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// The targets of `[text](target)` and `src="target"`.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for start in ["](", "src=\"", "srcset=\""] {
        for (at, _) in text.match_indices(start) {
            let rest = &text[at + start.len()..];
            let end = rest.find([')', '"', ' ']).unwrap_or(rest.len());
            links.push(rest[..end].to_owned());
        }
    }
    links
}

#[test]
fn every_document_of_the_house_is_there() {
    let found: Vec<String> = HOUSE
        .iter()
        .filter(|path| !root().join(path).exists())
        .map(|path| (*path).to_owned())
        .collect();
    none(&found, "Write the document:");
}

#[test]
fn both_readmes_name_the_same_commands_and_parts() {
    let (english, russian) = (read("README.md"), read("README.ru.md"));
    assert!(!commands(&english).is_empty(), "README.md names no command");
    assert_eq!(
        commands(&english),
        commands(&russian),
        "README.md and README.ru.md give different commands: change both"
    );
    assert_eq!(
        headings(&english),
        headings(&russian),
        "README.md and README.ru.md have different headings: change both"
    );
}

#[test]
fn both_readmes_lead_to_the_same_documents() {
    let documents = |path: &str| {
        let found: BTreeSet<String> =
            links(&read(path)).into_iter().filter(|link| link.ends_with(".md")).collect();
        found
    };
    let (english, russian) = (documents("README.md"), documents("README.ru.md"));
    let translated = |link: &&String| !link.starts_with("README");
    let found: Vec<String> =
        english.symmetric_difference(&russian).filter(translated).cloned().collect();
    none(&found, "One README leads there and the other does not: change both:");
}

/// The names that a source gives to metrics.
fn metrics_of(text: &str) -> Vec<&str> {
    let kinds = ["counter!(", "gauge!(", "histogram!("];
    let calls =
        kinds.iter().flat_map(|kind| text.match_indices(kind).map(|(at, _)| at + kind.len()));
    calls
        .filter_map(|at| text[at..].trim_start().strip_prefix('"'))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn every_metric_is_in_the_list_of_metrics_and_no_other() {
    let list = read("docs/METRICS.md");
    let of_process = read("crates/kamhub/src/process.rs");
    let sources: Vec<String> = files("crates", "rs")
        .iter()
        .filter(|path| path.contains("/src/"))
        .map(|path| read(path))
        .collect();
    let counted: BTreeSet<&str> = sources.iter().flat_map(|text| metrics_of(text)).collect();
    assert!(counted.len() > 20, "the guard has found {} metrics only", counted.len());
    let listed: BTreeSet<&str> = list
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.starts_with("kamhub_") || name.starts_with("process_"))
        .collect();
    let unlisted = counted.difference(&listed).map(|name| format!("{name} is not in the list"));
    let gone = listed
        .difference(&counted)
        .filter(|name| !of_process.contains(**name))
        .map(|name| format!("{name} is counted by nothing"));
    none(&unlisted.chain(gone).collect::<Vec<_>>(), "Correct docs/METRICS.md:");
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut found = Vec::new();
    for path in files(".", "md") {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = read(&path);
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (target, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let file = if target.is_empty() { path.clone() } else { format!("{folder}/{target}") };
            let place = root().join(file.trim_start_matches('/'));
            if !place.exists() {
                found.push(format!("{path}: {link}"));
            } else if !fragment.is_empty() && file.ends_with(".md") {
                let there = std::fs::read_to_string(place).unwrap();
                let known =
                    there.lines().filter(|l| l.starts_with('#')).any(|l| anchor(l) == fragment);
                if !known {
                    found.push(format!("{path}: {link} (no such heading)"));
                }
            }
        }
    }
    none(&found, "Correct the link, or write what it promises:");
}

#[test]
fn every_file_that_a_document_names_in_code_marks_exists() {
    let mut found = Vec::new();
    for path in files("docs", "md").into_iter().chain(["README.md".into(), "README.ru.md".into()]) {
        for (number, line) in read(&path).lines().enumerate() {
            for named in line.split('`').skip(1).step_by(2) {
                let ours = ["crates/", "docs/", "migrations/", "scripts/", "monitoring/"];
                let plain =
                    named.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.-".contains(&b));
                if plain
                    && ours.iter().any(|start| named.starts_with(start))
                    && !root().join(named).exists()
                {
                    found.push(format!("{path}:{}: {named}", number + 1));
                }
            }
        }
    }
    none(&found, "The file is not there; name the one that is:");
}
