//! Markdown to HTML that is safe to show: GitHub's dialect without raw HTML, then an allow-list of
//! elements, attributes and addresses. Whatever passes is ours; the test of the hostile list holds
//! it to that.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};
use std::sync::{LazyLock, Mutex, PoisonError};

use comrak::adapters::{HeadingAdapter, HeadingMeta};
use comrak::nodes::{NodeValue, Sourcepos};
use comrak::options::Plugins;
use comrak::{Arena, Options};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::slug;

/// Grows when the same Markdown gives other HTML, so that kept renderings are not used any more.
pub const RENDERER: &str = "1";
/// Every id that we give an element begins with this, so that none can stand for another name of
/// the page.
const ID_PREFIX: &str = "s-";
/// Characters of prose that a person reads in a minute, about 180 words.
const CHARACTERS_PER_MINUTE: usize = 1_100;
/// Characters of an excerpt.
const EXCERPT: usize = 200;

/// A heading, for a table of contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Heading {
    /// The `id` of the heading in the HTML.
    #[schema(examples("s-kak-vernut-dengi"))]
    pub id: String,
    /// 2 to 6; the title of the article is 1.
    #[schema(examples(2))]
    pub level: u8,
    /// Its text.
    #[schema(examples("Как вернуть деньги"))]
    pub text: String,
}

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Safe HTML.
    pub html: String,
    /// Its headings in order.
    pub headings: Vec<Heading>,
}

/// Renders Markdown.
pub fn render(markdown: &str) -> Rendered {
    let adapter = Headings::default();
    let mut plugins = Plugins::default();
    plugins.render.heading_adapter = Some(&adapter);
    let raw = comrak::markdown_to_html_with_plugins(markdown, &options(), &plugins);
    let html = SANITISER.clean(&raw).to_string();
    let headings = adapter.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    Rendered { html, headings }
}

/// The first words of a text without any marks, for lists.
pub fn excerpt(markdown: &str) -> String {
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options());
    let mut words = String::new();
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::SoftBreak
            | NodeValue::LineBreak
            | NodeValue::Paragraph
            | NodeValue::Heading(_)
            | NodeValue::Item(_)
            | NodeValue::TableCell => words.push(' '),
            _ => {}
        }
        if words.len() > EXCERPT * 8 {
            break;
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= EXCERPT {
        return words;
    }
    let cut: String = words.chars().take(EXCERPT).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{whole}…")
}

/// How long a person reads, in minutes; at least one.
pub fn reading_minutes(characters: usize) -> i32 {
    i32::try_from(characters.div_ceil(CHARACTERS_PER_MINUTE)).unwrap_or(i32::MAX).max(1)
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    // Raw HTML is shown as the text that it is: nothing that somebody wrote vanishes.
    options.render.escape = true;
    options
}

/// Gives headings their ids; the title of the page is the only first-level one.
#[derive(Default)]
struct Headings(Mutex<Vec<Heading>>);

impl Headings {
    fn add(&self, meta: &HeadingMeta) -> Heading {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let latin = slug::latin(&meta.content);
        let base = if latin.is_empty() { "section".to_owned() } else { latin };
        let mut id = format!("{ID_PREFIX}{base}");
        let mut number = 1;
        while known.iter().any(|other| other.id == id) {
            number += 1;
            id = format!("{ID_PREFIX}{base}-{number}");
        }
        let heading = Heading { id, level: level(meta), text: meta.content.clone() };
        known.push(heading.clone());
        heading
    }
}

fn level(meta: &HeadingMeta) -> u8 {
    meta.level.clamp(2, 6)
}

impl HeadingAdapter for Headings {
    fn enter(
        &self,
        output: &mut dyn Write,
        meta: &HeadingMeta,
        _: Option<Sourcepos>,
    ) -> fmt::Result {
        let heading = self.add(meta);
        write!(output, "<h{} id=\"{}\">", heading.level, heading.id)
    }

    fn exit(&self, output: &mut dyn Write, meta: &HeadingMeta) -> fmt::Result {
        writeln!(output, "</h{}>", level(meta))
    }
}

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let tags = [
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
    let attributes: [(&str, &[&str]); 11] = [
        ("a", &["href", "title"]),
        ("img", &["src", "alt", "title"]),
        ("ol", &["start"]),
        ("code", &["class"]),
        ("td", &["align"]),
        ("th", &["align"]),
        ("h2", &["id"]),
        ("h3", &["id"]),
        ("h4", &["id"]),
        ("h5", &["id"]),
        ("h6", &["id"]),
    ];
    let attributes: HashMap<&str, HashSet<&str>> =
        attributes.into_iter().map(|(tag, names)| (tag, names.iter().copied().collect())).collect();
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(tags.into_iter().collect())
        .tag_attributes(attributes)
        .url_schemes(["http", "https", "mailto", "tel"].into_iter().collect())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener nofollow"))
        .set_tag_attribute_value("img", "loading", "lazy")
        .clean_content_tags(["script", "style"].into_iter().collect())
        .attribute_filter(|element, attribute, value| {
            allowed(element, attribute, value).then_some(Cow::Borrowed(value))
        });
    builder
});

/// Whether the value of an attribute may stay.
fn allowed(element: &str, attribute: &str, value: &str) -> bool {
    match (element, attribute) {
        ("a", "href") => address(value, &["http://", "https://", "mailto:", "tel:"]),
        ("img", "src") => address(value, &["https://"]) && !value.starts_with('#'),
        ("code", "class") => value.strip_prefix("language-").is_some_and(|name| {
            name.len() <= 30
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-#_.".contains(&b))
        }),
        ("ol", "start") => value.bytes().all(|byte| byte.is_ascii_digit()),
        ("td" | "th", "align") => ["left", "center", "right"].contains(&value),
        (_, "id") => value.strip_prefix(ID_PREFIX).is_some_and(|name| {
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        }),
        _ => true,
    }
}

/// An address with one of these beginnings, a part of the page, or a path of our own: not one that
/// browsers take for another host.
fn address(value: &str, beginnings: &[&str]) -> bool {
    if value.bytes().any(|byte| byte.is_ascii_control() || byte == b'\\') {
        return false;
    }
    let lower = value.to_ascii_lowercase();
    let own = value.starts_with('/') && !value.starts_with("//");
    own || value.starts_with('#') || beginnings.iter().any(|start| lower.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_get_ids_of_their_own_and_leave_the_first_level_to_the_title() {
        let rendered = render("# Возврат\n\n## Возврат\n\n### !!!\n");
        assert_eq!(
            rendered.html,
            "<h2 id=\"s-vozvrat\">Возврат</h2>\n<h2 id=\"s-vozvrat-2\">Возврат</h2>\n\
             <h3 id=\"s-section\">!!!</h3>\n"
        );
        assert_eq!(rendered.headings[1].text, "Возврат");
    }

    #[test]
    fn tables_links_and_images_of_ours_survive() {
        let html = render(
            "| a | b |\n|:-:|--:|\n| 1 | 2 |\n\nhttps://kamhub.example [x](/help#s-a) \
             ![map](https://cdn.example/m.png) ![own](/files/1.png)",
        )
        .html;
        for part in [
            "<th align=\"center\">a</th>",
            "<a href=\"https://kamhub.example\" rel=\"noopener nofollow\">",
            "<a href=\"/help#s-a\" rel=\"noopener nofollow\">x</a>",
            "<img src=\"https://cdn.example/m.png\" alt=\"map\" loading=\"lazy\">",
            "<img src=\"/files/1.png\" alt=\"own\" loading=\"lazy\">",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn foreign_addresses_are_taken_away() {
        for (markdown, gone) in [
            ("[a](javascript:alert(1))", "javascript"),
            ("[a](//evil.example)", "evil"),
            ("[a](/\\evil.example)", "\\evil"),
            ("![a](http://evil.example/x.png)", "evil"),
            ("![a](data:image/svg+xml;base64,AAAA)", "data:"),
        ] {
            let html = render(markdown).html;
            assert!(!html.contains(gone), "{markdown}: {html}");
        }
    }

    #[test]
    fn raw_html_is_shown_as_text() {
        let html = render("<b onclick=x>hi</b> and\n\n<script>alert(1)</script>").html;
        assert!(!html.contains("<b") && !html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }

    #[test]
    fn an_excerpt_is_plain_and_ends_with_a_word() {
        assert_eq!(
            excerpt("## Погода\n\n**Вылет** [перенесли](/x).\n\n- раз"),
            "Погода Вылет перенесли. раз"
        );
        let long = excerpt(&"слово ".repeat(100));
        assert!(long.ends_with("слово…") && long.chars().count() <= 201, "{long}");
    }

    #[test]
    fn reading_takes_at_least_a_minute() {
        assert_eq!(
            [reading_minutes(20), reading_minutes(1_101), reading_minutes(50_000)],
            [1, 2, 46]
        );
    }
}
