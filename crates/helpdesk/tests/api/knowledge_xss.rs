//! Hostile Markdown: what is shown is parsed as browsers parse it, and nothing in it may act.

use kamhub_helpdesk::knowledge::markdown::render;
use kamhub_testkit::TestApp;
use scraper::Html;
use serde_json::json;

use crate::knowledge::{at, write};

const LIST: &str = include_str!("../fixtures/xss.txt");
const ELEMENTS: &[&str] = &[
    "html",
    "head",
    "body",
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];
const ATTRIBUTES: &[&str] =
    &["href", "title", "rel", "src", "alt", "loading", "start", "class", "align", "id"];

/// The texts of the list.
fn vectors() -> Vec<String> {
    let lines = LIST.lines().filter(|line| !line.starts_with("# "));
    lines.map(unescape).collect()
}

fn unescape(line: &str) -> String {
    let mut text = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let digits: String = letters.by_ref().take(4).collect();
                text.extend(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()));
            }
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
    }
    text
}

/// What a browser would make of an address: spaces and control characters are passed over.
fn as_browsers_read(address: &str) -> String {
    address
        .chars()
        .filter(|letter| !letter.is_control() && !letter.is_whitespace())
        .collect::<String>()
        .replace('\\', "/")
        .to_lowercase()
}

/// What in the HTML could act, or look like a part of the page.
fn dangers(html: &str) -> Vec<String> {
    let page = Html::parse_document(&format!("<!DOCTYPE html><body>{html}"));
    let mut found: Vec<String> = Vec::new();
    for element in page.root_element().descendants().filter_map(|node| node.value().as_element()) {
        let name = element.name();
        if !ELEMENTS.contains(&name) {
            found.push(format!("<{name}>"));
        }
        for (attribute, value) in element.attrs() {
            let read = as_browsers_read(value);
            let right = match attribute {
                "href" => {
                    ["http://", "https://", "mailto:", "tel:", "#"]
                        .iter()
                        .any(|s| read.starts_with(s))
                        || (read.starts_with('/') && !read.starts_with("//"))
                }
                "src" => {
                    read.starts_with("https://")
                        || (read.starts_with('/') && !read.starts_with("//"))
                }
                "rel" => value == "noopener nofollow",
                "class" => value.starts_with("language-") && !value.contains(' '),
                "id" => value.starts_with("s-"),
                other => ATTRIBUTES.contains(&other),
            };
            if !right {
                found.push(format!("<{name} {attribute}={value:?}>"));
            }
        }
    }
    found.extend(html.contains("<!--").then(|| "a comment".to_owned()));
    found
}

#[test]
fn no_hostile_text_survives_in_any_place_of_markdown() {
    let vectors = vectors();
    assert!(vectors.len() >= 300, "only {} vectors", vectors.len());
    let mut found = Vec::new();
    for vector in &vectors {
        let one_line = vector.replace('\n', " ");
        for text in [
            vector.clone(),
            format!("Текст {vector} и дальше"),
            format!("## {one_line}"),
            format!("> {one_line}\n\n- {one_line}"),
            format!("| a |\n|---|\n| {one_line} |"),
            format!("[{one_line}](https://a.example '{one_line}')"),
            format!("[x]({one_line}) ![{one_line}]({one_line})"),
            format!("```{one_line}\n{vector}\n```"),
            format!("**{vector}** `{vector}`"),
        ] {
            let dangers = dangers(&render(&text).html);
            if !dangers.is_empty() {
                found.push(format!("{text:?}: {dangers:?}"));
            }
        }
    }
    assert!(found.is_empty(), "{} survive:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_check_itself_sees_what_is_dangerous() {
    for html in [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>x</p>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='/\\evil.example'>x</a>",
        "<img src=http://a.example/x.png>",
        "<p style=color:red>x</p>",
        "<p id=location>x</p>",
        "<svg><a xlink:href=x></a></svg>",
    ] {
        assert!(!dangers(html).is_empty(), "{html}");
    }
    assert_eq!(dangers("<p>x <a href=\"/x\" rel=\"noopener nofollow\">y</a></p>"), [""; 0]);
}

#[tokio::test]
async fn an_article_made_of_hostile_texts_is_shown_harmlessly() {
    let app = TestApp::start().await;
    let mut shown = 0;
    let vectors: Vec<String> = vectors().into_iter().map(|text| text.replace('\0', "")).collect();
    for part in vectors.chunks(120) {
        let content = part.join("\n\n");
        let title = part.iter().find(|text| text.chars().count() > 4).unwrap().clone();
        let title: String = title.chars().take(255).collect();
        let written = write(&app, json!({"content": content, "title": title})).await;
        let read = app.anonymous.get(&at(&written)).await;
        let html = read.data(200)["contentHtml"].as_str().unwrap().to_owned();
        assert_eq!(dangers(&html), [""; 0]);
        shown += html.len();
    }
    assert!(shown > 10_000);
}
