//! The repository as text: Rust sources with comments and literals blanked out, so that a rule
//! meets code only.

use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// Comments, texts of literals and `#[cfg(test)]` modules are blank; lines keep their numbers.
    pub code: String,
    /// The same, with the test modules.
    pub code_with_tests: String,
    /// The text literals outside of test modules, with their line.
    pub literals: Vec<(usize, String)>,
}

impl Source {
    /// Whether the whole file is a test.
    pub fn is_test(&self) -> bool {
        let in_tests = self.path.contains("/tests/") || self.path.ends_with("tests.rs");
        in_tests || self.path.starts_with("crates/testkit/") || self.path.contains("/benches/")
    }

    /// The crate's directory name.
    pub fn house(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// The path below `crates/helpdesk/src/`, where it is there.
    pub fn in_helpdesk(&self) -> Option<&str> {
        self.path.strip_prefix("crates/helpdesk/src/")
    }

    /// The lines on which `needle` stands as a word of its own, from 1.
    pub fn lines_with(&self, needle: &str) -> Vec<usize> {
        let mut lines = Vec::new();
        for (at, _) in self.code.match_indices(needle) {
            if stands_alone(&self.code, at, needle.len()) {
                lines.push(line_of(&self.code, at));
            }
        }
        lines.dedup();
        lines
    }

    /// Every path to an item that the file names, absolute within its crate: what `use` brings in,
    /// and `crate::…` or `super::…` in the code. Each with its line.
    pub fn paths(&self) -> Vec<(usize, String)> {
        let module = self.module();
        let mut paths = Vec::new();
        for (at, tree) in use_trees(&self.code) {
            let mut flat = Vec::new();
            flatten("", &tree, &mut flat);
            paths.extend(flat.into_iter().map(|path| (line_of(&self.code, at), path)));
        }
        for start in ["crate::", "super::"] {
            for (at, _) in self.code.match_indices(start) {
                let before = self.code[..at].chars().next_back();
                if before.is_some_and(|letter| is_word(letter) || letter == ':' || letter == '$') {
                    continue;
                }
                let path: String = self.code[at..]
                    .chars()
                    .take_while(|letter| is_word(*letter) || *letter == ':')
                    .collect();
                paths.push((line_of(&self.code, at), path));
            }
        }
        paths.into_iter().map(|(line, path)| (line, absolute(&module, &path))).collect()
    }

    fn module(&self) -> Vec<String> {
        let inside = self.path.split("/src/").nth(1).unwrap_or_default();
        let mut parts: Vec<String> =
            inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            parts.pop();
        }
        parts
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// A file of the repository as text.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path} cannot be read ({error}); does it exist?"))
}

/// Every file below `directory` with this extension, from the root of the repository.
pub fn files(directory: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.map(Result::unwrap) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                let foreign = ["target", "data", "node_modules", "dist"].contains(&name.as_str());
                if !foreign && !name.starts_with('.') {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|known| known == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// Every Rust file of the workspace.
pub fn rust() -> Vec<Source> {
    let sources: Vec<Source> = files("crates", "rs").into_iter().map(parse).collect();
    assert!(sources.len() > 50, "the guards see only {} Rust files", sources.len());
    sources
}

/// Fails with every offence at once.
#[track_caller]
pub fn none(offences: &[String], what_to_do: &str) {
    assert!(offences.is_empty(), "\n{what_to_do}\n  {}\n", offences.join("\n  "));
}

fn parse(path: String) -> Source {
    let text = read(&path);
    let (blanked, mut literals) = blank(&text);
    let code = without_test_modules(&blanked);
    literals.retain(|(at, _)| code.as_bytes()[*at] == b'"');
    let literals = literals.into_iter().map(|(at, text)| (line_of(&code, at), text)).collect();
    Source { path, text, code, code_with_tests: blanked, literals }
}

/// Line number of a byte offset, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + length..].chars().next();
    !before.is_some_and(is_word) && !after.is_some_and(is_word)
}

/// Blanks comments and the insides of literals (the quotes stay), and collects text literals with
/// the offset of their opening quote.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut literals = Vec::new();
    let wipe = |out: &mut Vec<u8>, from: usize, to: usize| {
        for byte in &mut out[from..to] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"//") {
            let end = at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            wipe(&mut out, at, end);
            at = end;
        } else if rest.starts_with(b"/*") {
            let end = text[at..].find("*/").map_or(bytes.len(), |length| at + length + 2);
            wipe(&mut out, at, end);
            at = end;
        } else if let Some(hashes) = raw_string(bytes, at) {
            let open = at + 1 + hashes;
            let close = format!("\"{}", "#".repeat(hashes));
            let length = text[open + 1..].find(&close).unwrap_or(bytes.len() - open - 1);
            literals.push((open, text[open + 1..open + 1 + length].to_owned()));
            wipe(&mut out, open + 1, open + 1 + length);
            at = open + 1 + length + close.len();
        } else if bytes[at] == b'"' {
            let mut end = at + 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            let end = end.min(bytes.len());
            literals.push((at, text[at + 1..end].to_owned()));
            wipe(&mut out, at + 1, end);
            at = end + 1;
        } else if bytes[at] == b'\'' {
            at = character(text, at, &mut out);
        } else {
            at += 1;
        }
    }
    (String::from_utf8(out).unwrap(), literals)
}

/// The number of hashes where a raw text begins at `at`.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let word_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    let byte_text = at > 0 && bytes[at - 1] == b'b';
    if bytes[at] != b'r' || (word_before && !byte_text) {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

/// Blanks a character literal; a lifetime is left as it is.
fn character(text: &str, at: usize, out: &mut [u8]) -> usize {
    let mut letters = text[at + 1..].char_indices();
    let Some((_, first)) = letters.next() else { return at + 1 };
    let end = if first == '\\' {
        let from = at + 3;
        text.get(from..).and_then(|rest| rest.find('\'')).map(|length| from + length)
    } else {
        let next = at + 1 + first.len_utf8();
        (text.as_bytes().get(next) == Some(&b'\'')).then_some(next)
    };
    let Some(end) = end else { return at + 1 };
    for byte in &mut out[at + 1..end] {
        *byte = b' ';
    }
    end + 1
}

/// The offset after the brace that closes the one at `open`.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

fn without_test_modules(code: &str) -> String {
    let mut out = code.to_owned();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let rest = &code[at..];
        let Some(brace) = rest.find('{') else { continue };
        if rest[..brace].contains(';') || !rest[..brace].contains("mod ") {
            continue;
        }
        let end = closing(code, at + brace);
        let blanked: String =
            code[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        if blanked.len() == end - at {
            out.replace_range(at..end, &blanked);
        } else {
            let bytes: Vec<u8> = code
                .bytes()
                .skip(at)
                .take(end - at)
                .map(|b| if b == b'\n' { b } else { b' ' })
                .collect();
            out.replace_range(at..end, &String::from_utf8(bytes).unwrap());
        }
    }
    out
}

/// Every `use` tree of the file with its offset.
fn use_trees(code: &str) -> Vec<(usize, String)> {
    let mut trees = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let line_start = code[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let before = code[line_start..at].trim();
        if !(before.is_empty() || before.starts_with("pub")) {
            continue;
        }
        let rest = &code[at + 4..];
        let end = rest.find(';').unwrap_or(rest.len());
        trees.push((at, rest[..end].chars().filter(|letter| *letter != '\n').collect()));
    }
    trees
}

/// `a::{b, c::{d, e}}` becomes `a::b`, `a::c::d`, `a::c::e`.
fn flatten(prefix: &str, tree: &str, out: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        if !path.is_empty() {
            out.push(format!("{prefix}{path}"));
        }
        return;
    };
    let prefix = format!("{prefix}{}", tree[..open].trim());
    let inside = &tree[open + 1..closing(tree, open) - 1];
    let (mut depth, mut start) = (0, 0);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                flatten(&prefix, &inside[start..at], out);
                start = at + 1;
            }
            _ => {}
        }
    }
    flatten(&prefix, &inside[start..], out);
}

/// `super::` and `self::` resolved against the file's module.
fn absolute(module: &[String], path: &str) -> String {
    let mut here: Vec<&str> = module.iter().map(String::as_str).collect();
    let mut rest = path;
    if !rest.starts_with("super::") && !rest.starts_with("self::") {
        return path.to_owned();
    }
    rest = rest.strip_prefix("self::").unwrap_or(rest);
    while let Some(after) = rest.strip_prefix("super::") {
        here.pop();
        rest = after;
    }
    let mut parts = vec!["crate"];
    parts.extend(here);
    parts.push(rest);
    parts.join("::")
}

#[test]
fn the_guards_see_code_and_neither_comments_nor_texts() {
    let text = "use a::{b, c::{d, e as f}}; // std::env\nlet x = \"std::env\"; let c = '\"';\n\
        let r = r#\"a \" b\"#; fn f<'a>() { 'x' }\n#[cfg(test)]\nmod tests { fn g() { h() } }\nend";
    let (code, literals) = blank(text);
    assert!(!code.contains("std::env") && !code.contains("a \" b"), "{code}");
    assert_eq!(
        literals.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        ["std::env", "a \" b"]
    );
    assert_eq!(code.len(), text.len());
    let bare = without_test_modules(&code);
    assert!(!bare.contains("h()") && bare.ends_with("end"), "{bare}");
    let mut flat = Vec::new();
    flatten("", &use_trees(&code)[0].1, &mut flat);
    assert_eq!(flat, ["a::b", "a::c::d", "a::c::e"]);
    let module = ["tickets".to_owned(), "http".to_owned(), "create".to_owned()];
    assert_eq!(absolute(&module, "super::super::repo::x"), "crate::tickets::repo::x");
}
