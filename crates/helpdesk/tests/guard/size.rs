//! Files stay under 400 lines and functions under 60: what is longer is two things.

use crate::source::{closing, line_of, none, read, rust};

const LIST: &str = "crates/helpdesk/tests/guard/allowed_sizes.txt";
const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;
/// The list may only shrink: lower this with every line that goes.
const LISTED: usize = 1;

/// `path` or `path::function`, and its lines.
fn sizes() -> Vec<(String, usize, usize)> {
    let mut sizes = Vec::new();
    for source in rust() {
        sizes.push((source.path.clone(), source.text.lines().count(), FILE_LINES));
        let code = &source.code_with_tests;
        for (at, _) in code.match_indices("fn ") {
            let before = code[..at].chars().next_back();
            let name: String = code[at + 3..]
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            if name.is_empty() || before.is_some_and(|letter| letter.is_alphanumeric()) {
                continue;
            }
            let Some(end) = body_end(code, at) else { continue };
            let lines = line_of(code, end - 1) - line_of(code, at) + 1;
            sizes.push((format!("{}::{name}", source.path), lines, FUNCTION_LINES));
        }
    }
    sizes
}

/// Where the body of the function at `at` ends; `None` for a declaration without one.
fn body_end(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (offset, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b';' if depth == 0 => return None,
            b'{' if depth == 0 => return Some(closing(code, offset)),
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

fn listed() -> Vec<(String, usize)> {
    read(LIST)
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            let [name, lines, reason] = parts[..] else {
                panic!("{LIST}: write `path or path::function | lines | reason`, not: {line}")
            };
            assert!(reason.len() > 10, "{LIST}: say why {name} may be long");
            (name.to_owned(), lines.parse().expect("a number of lines"))
        })
        .collect()
}

#[test]
fn no_file_and_no_function_is_too_long() {
    let listed = listed();
    let found: Vec<String> = sizes()
        .into_iter()
        .filter(|(name, lines, most)| {
            let allowed = listed.iter().find(|(known, _)| known == name).map(|(_, lines)| *lines);
            *lines > allowed.unwrap_or(*most).max(*most)
        })
        .map(|(name, lines, most)| format!("{name}: {lines} lines, at most {most}"))
        .collect();
    none(&found, "Split it where one thing ends and another begins:");
}

#[test]
fn the_list_of_long_ones_only_shrinks() {
    let listed = listed();
    let sizes = sizes();
    let mut found = Vec::new();
    for (name, allowed) in &listed {
        match sizes.iter().filter(|(known, ..)| known == name).max_by_key(|(_, lines, _)| *lines) {
            Some((_, lines, most)) if lines > most => {
                if lines < allowed {
                    found.push(format!("{name}: write {lines}, which it has now"));
                }
            }
            _ => found.push(format!("{name}: it is short enough now, or gone; remove its line")),
        }
    }
    if listed.len() != LISTED {
        found.push(format!("LISTED in size.rs says {LISTED}, the list has {}", listed.len()));
    }
    none(&found, &format!("Bring {LIST} up to date; it may lose lines and never gain one:"));
}
