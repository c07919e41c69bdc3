//! Who may know whom (docs/ARCHITECTURE.md, the rules).

use crate::source::{Source, files, line_of, none, read, rust};

/// What each crate may depend on, of ours.
const CRATES: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("postgres", &["kernel"]),
    ("cache", &["kernel"]),
    ("mail", &["kernel"]),
    ("outbound", &[]),
    ("jobs", &["kernel", "postgres"]),
    ("httpkit", &["kernel", "postgres"]),
    ("helpdesk", &["kernel", "postgres", "cache", "mail", "outbound", "jobs", "httpkit"]),
    (
        "testkit",
        &["kernel", "postgres", "cache", "mail", "outbound", "jobs", "httpkit", "helpdesk"],
    ),
    ("kamhub", &["kernel", "postgres", "cache", "mail", "outbound", "jobs", "httpkit", "helpdesk"]),
];

/// The slices from low to high: a slice may use those of its own row and of rows above it here.
const RANKS: &[&[&str]] = &[
    &["identity", "calendars"],
    &["teams", "agents", "attachments"],
    &["tickets"],
    &["messages"],
    &["knowledge", "faq"],
    &["sla", "feedback"],
    &["notifications"],
    &["search", "reports", "realtime"],
    &["help_centre"],
    // Made of everything, used by nothing.
    &["operations", "seed"],
];

/// Files that hold SQL although they are no slice's `repo`, each with the reason.
const SQL_ELSEWHERE: &[(&str, &str)] = &[
    ("crates/helpdesk/src/events.rs", "the one statement that writes an event"),
    ("crates/httpkit/src/idempotency.rs", "the kept answers of every slice"),
    ("crates/httpkit/src/query_stats.rs", "counts statements by the target `sqlx::query`"),
];
/// The same for whole directories.
const SQL_DIRECTORIES: &[&str] = &[
    "crates/postgres/src/",
    "crates/helpdesk/src/reports/",
    "crates/helpdesk/src/search/",
    "crates/helpdesk/src/seed/",
    "crates/kamhub/src/",
];

/// What handlers of every slice take from a request: who calls, which ticket is meant, and the bodies
/// whose rules forms share with the API, with how they and their files are taken in.
const DOORS: &[&str] = &[
    "crate::identity::http::caller",
    "crate::identity::http::reader",
    "crate::tickets::http::ticket_path",
    "crate::attachments::http::upload",
    "crate::tickets::http::create::CreateTicket",
    "crate::tickets::http::create::store",
    "crate::messages::http::create::CreateMessage",
    "crate::messages::http::create::store",
    "crate::knowledge::http::files::link::link",
    "crate::messages::http::rate::RateMessage",
    "crate::feedback::http::input::FeedbackByLink",
];

fn product() -> Vec<Source> {
    rust().into_iter().filter(|source| !source.is_test()).collect()
}

fn slice(source: &Source) -> Option<&str> {
    source.in_helpdesk()?.split_once('/').map(|(slice, _)| slice)
}

fn rank(slice: &str) -> Option<usize> {
    RANKS.iter().position(|row| row.contains(&slice))
}

fn at(source: &Source, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", source.path)
}

/// Whether the file is the slice's `name.rs` or lies in its `name/`.
fn is_part(source: &Source, name: &str) -> bool {
    let path = source.in_helpdesk().unwrap_or_default();
    path.ends_with(&format!("/{name}.rs")) || path.contains(&format!("/{name}/"))
}

fn offences(words: &[&str], hit: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in product().iter().filter(|source| hit(source)) {
        for word in words {
            found.extend(source.lines_with(word).iter().map(|line| at(source, *line, word)));
        }
    }
    found
}

#[test]
fn a_crate_depends_only_on_those_below_it() {
    let mut found = Vec::new();
    for manifest in files("crates", "toml").iter().filter(|path| path.ends_with("Cargo.toml")) {
        let house = manifest.split('/').nth(1).unwrap();
        let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == house) else {
            found.push(format!("{manifest}: a crate that CRATES in boundaries.rs does not know"));
            continue;
        };
        let text = read(manifest);
        let mut section = "";
        for line in text.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let ours = name.strip_prefix("kamhub-");
            let counts = section == "[dependencies]" || section == "[build-dependencies]";
            if let Some(ours) = ours.filter(|ours| counts && !allowed.contains(ours)) {
                found.push(format!("{manifest}: {house} must not depend on {ours}"));
            }
        }
    }
    none(&found, "Move what is shared down into a crate both may use, or pass it in as a value:");
}

#[test]
fn the_crates_below_the_helpdesk_know_no_ticket() {
    let allowed = ["crates/kernel/src/actor.rs"]; // a signed link opens one ticket only
    let mut found = Vec::new();
    for source in product() {
        let below = ["kernel", "postgres", "cache", "mail", "outbound", "jobs", "httpkit"];
        if !below.contains(&source.house()) || allowed.contains(&source.path.as_str()) {
            continue;
        }
        let code = source.code.to_lowercase();
        for (offset, _) in code.match_indices("ticket") {
            found.push(at(&source, line_of(&code, offset), "ticket"));
        }
        for (line, _) in source.literals.iter().filter(|(_, text)| text.contains("ticket")) {
            found.push(at(&source, *line, "a text about tickets"));
        }
    }
    none(&found, "Code that knows the helpdesk's words belongs to crates/helpdesk:");
}

#[test]
fn a_slice_uses_only_slices_of_its_rank_or_below() {
    let mut found = Vec::new();
    let mut uses: Vec<(String, String, String)> = Vec::new();
    for source in product() {
        let Some(own) = slice(&source) else { continue };
        let Some(own_rank) = rank(own) else {
            found.push(format!("{}: give the slice {own} a rank in boundaries.rs", source.path));
            continue;
        };
        for (line, path) in source.paths() {
            let mut parts = path.split("::");
            let other = if parts.next() == Some("crate") { parts.next() } else { None };
            let Some(other) = other.filter(|other| *other != own) else { continue };
            match rank(other) {
                Some(rank) if rank > own_rank => found.push(at(&source, line, &path)),
                Some(rank) if rank == own_rank => {
                    uses.push((own.to_owned(), other.to_owned(), at(&source, line, &path)));
                }
                None if ["routes", "openapi", "jobs"].contains(&other) => {
                    found.push(at(&source, line, &path));
                }
                _ => {}
            }
        }
    }
    for (own, other, place) in &uses {
        if uses.iter().any(|(a, b, _)| a == other && b == own) {
            found.push(format!("{place} (and {other} uses {own})"));
        }
    }
    none(&found, "A lower slice tells a higher one by an event, and never calls it:");
}

#[test]
fn another_slice_is_reached_by_its_service_and_types_only() {
    let mut found = Vec::new();
    for source in product() {
        let own = slice(&source).unwrap_or_default();
        for (line, path) in source.paths() {
            let parts: Vec<&str> = path.split("::").collect();
            let [first, other, part, ..] = parts[..] else { continue };
            if first != "crate" || other == own || rank(other).is_none() {
                continue;
            }
            let http_of_another = part == "http"
                && source.in_helpdesk().is_some_and(|path| {
                    !["app.rs", "routes.rs", "web.rs", "openapi.rs"].contains(&path)
                });
            let door = DOORS.iter().any(|door| path.starts_with(door));
            if part == "repo" || (http_of_another && !door) {
                found.push(at(&source, line, &path));
            }
        }
    }
    none(&found, "Call the other slice's service; its repo and its handlers are its own affair:");
}

#[test]
fn a_service_never_names_axum() {
    let found = offences(&["axum"], |source| is_part(source, "service"));
    none(&found, "A service takes values and returns values; HTTP stays in http/:");
}

#[test]
fn a_handler_never_names_sqlx_or_a_repo() {
    let mut found = offences(&["sqlx"], |source| is_part(source, "http"));
    for source in product().iter().filter(|source| is_part(source, "http")) {
        for (line, path) in source.paths() {
            if path.split("::").any(|part| part == "repo") {
                found.push(at(source, line, &path));
            }
        }
    }
    none(&found, "A handler calls the slice's service, which calls the repo:");
}

#[test]
fn sql_stands_in_repos_only() {
    let words = ["sqlx::query", "sqlx::query_as", "sqlx::query_scalar", "sqlx::raw_sql"];
    let found = offences(&words, |source| {
        let repo = source.path.ends_with("/repo.rs") || source.path.contains("/repo/");
        let listed = SQL_ELSEWHERE.iter().any(|(path, _)| *path == source.path)
            || SQL_DIRECTORIES.iter().any(|directory| source.path.starts_with(directory));
        !repo && !listed
    });
    none(&found, "Move the statement into the slice's repo.rs:");
}

#[test]
fn a_model_does_no_io() {
    let words = ["axum", "tokio", "PgConnection", "sqlx::query", "std::fs", "std::net", "reqwest"];
    let found = offences(&words, |source| {
        source.in_helpdesk().is_some() && (is_part(source, "model") || is_part(source, "state"))
    });
    none(&found, "A model is types and rules; move the I/O to repo.rs or service.rs:");
}

#[test]
fn only_the_binary_reads_the_environment_and_signals() {
    let words =
        ["std::env::var", "std::env::var_os", "std::env::vars", "env::var", "tokio::signal"];
    let found = offences(&words, |source| {
        source.house() != "kamhub" && !source.path.ends_with("/build.rs")
    });
    none(&found, "Read it in crates/kamhub and pass it in as a setting:");
}

#[test]
fn time_and_randomness_come_from_the_clock() {
    let words = [
        "Utc::now",
        "Local::now",
        "SystemTime::now",
        "getrandom::fill",
        "rand::rng",
        "rand::random",
        "Uuid::new_v4",
        "Uuid::now_v7",
    ];
    let found = offences(&words, |source| source.path != "crates/kernel/src/clock.rs");
    none(&found, "Take `&dyn Clock` and ask it, so that a test can hold time still:");
}

#[test]
fn every_exception_is_still_needed() {
    let sources = rust();
    let found: Vec<String> = SQL_ELSEWHERE
        .iter()
        .filter(|(path, _)| {
            !sources
                .iter()
                .any(|source| source.path == *path && source.text.contains("sqlx::query"))
        })
        .map(|(path, _)| format!("{path} in SQL_ELSEWHERE"))
        .collect();
    none(&found, "Remove the exception from boundaries.rs:");
}
