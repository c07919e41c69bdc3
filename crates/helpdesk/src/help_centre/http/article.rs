//! An article, and what its readers think of it.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kamhub_cache::RateRule;
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::page::{PageRequest, Start};
use kamhub_postgres::PgConnection;
use serde::Deserialize;
use serde_json::json;

use super::fields::Fields;
use super::listing::{Card, Titles, category_path, encoded};
use super::page::{Frame, go_on, json_ld, moved, public};
use super::visit::Visit;
use crate::help_centre::dates::When;
use crate::help_centre::words;
use crate::knowledge::model::{Address, Wanted};
use crate::knowledge::service;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortOrder, list};
use crate::knowledge::service::reports;
use crate::knowledge::service::votes::{self, Vote};
use crate::knowledge::view::{ArticleFile, ArticleView};
use crate::knowledge::views;
use crate::knowledge::visitor::Visitor;

/// Votes that one address may give at once, and in which time they grow back.
const VOTES: RateRule =
    RateRule { name: "help_centre_votes", burst: 30, per: std::time::Duration::from_secs(300) };
/// Articles that are named below another one.
const RELATED: i64 = 4;
/// With fewer headings a table of contents is in the way.
const CONTENTS_FROM: usize = 3;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    voted: String,
}

#[derive(Template)]
#[template(path = "help_centre/article.html")]
struct ArticlePage {
    page: Frame,
    article: ArticleView,
    category_path: String,
    category_title: String,
    updated: When,
    reading: String,
    only_in: Option<&'static str>,
    contents: Vec<(String, String)>,
    files: Vec<ArticleFile>,
    related: Vec<Card>,
    voted: Option<bool>,
    data: String,
}

/// `GET /{lang}/articles/{slug}`.
///
/// # Errors
/// 404 where there is no such article, or it is not published.
pub async fn show(
    visit: Visit,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<Response> {
    let app = &visit.app;
    let address = Address::parse(&slug).ok_or_else(|| Problem::not_found("The article"))?;
    let wanted = Wanted { asked: Some(visit.lang), preferred: None };
    let mut connection = app.db.connection().await?;
    let article =
        service::read(&mut connection, &app.cache, false, &address, wanted, false).await?;
    if article.slug != slug {
        return Ok(moved(&format!("/{}/articles/{}", visit.lang, article.slug)));
    }
    let visitor = Visitor::of_page(&visit.reader().await, visit.browser());
    views::article_seen(app, article.id, &visitor);
    let related = related(&mut connection, &visit, &article).await?;
    let titles = Titles::load(&mut connection).await?;
    let category_title = titles.of(visit.lang, &article.category);
    drop(connection);
    public(&visit, &of(&visit, article, category_title, related, &asked.voted))
}

fn of(
    visit: &Visit,
    article: ArticleView,
    category_title: String,
    related: Vec<Card>,
    voted: &str,
) -> ArticlePage {
    let mut page = Frame::of(visit);
    let other = visit.lang.other();
    let translated = article.translations.iter().find(|one| one.language == other);
    page.other = translated.map(|one| format!("/{}/articles/{}", visit.lang.other(), one.slug));
    let only_in = article.is_fallback.then_some(page.w.article_only_other);
    if only_in.is_some() {
        // Search engines shall find it once, in its own language.
        page.path = format!("/{}/articles/{}", article.language, article.slug);
        page.other = None;
    }
    let mut contents: Vec<(String, String)> = Vec::new();
    let headings = article.headings.iter().filter(|heading| heading.level == 2);
    contents.extend(headings.map(|heading| (heading.id.clone(), heading.text.clone())));
    if contents.len() < CONTENTS_FROM {
        contents.clear();
    }
    ArticlePage {
        data: structured(&page, &article),
        category_path: category_path(visit.lang, &article.category),
        category_title,
        updated: page.day(article.updated_at),
        reading: words::reading_time(visit.lang, article.reading_minutes),
        only_in,
        contents,
        files: beside(&article),
        related,
        voted: match voted {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        article,
        page,
    }
}

/// The files that the text does not show or name itself.
fn beside(article: &ArticleView) -> Vec<ArticleFile> {
    let named = |file: &ArticleFile| article.content_html.contains(&format!("{}\"", file.url));
    article.attachments.iter().filter(|file| !named(file)).cloned().collect()
}

/// What search engines learn of it (schema.org/Article).
fn structured(page: &Frame, article: &ArticleView) -> String {
    json_ld(&json!({
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": article.title,
        "description": article.excerpt,
        "inLanguage": article.language,
        "dateModified": article.updated_at,
        "datePublished": article.published_at.unwrap_or(article.created_at),
        "mainEntityOfPage": format!("{}{}", page.site, page.path),
        "publisher": {"@type": "Organization", "name": page.brand.name},
    }))
}

/// What stands beside it: of the same tags, category or words; where that is little, what is read most
/// of its category.
async fn related(
    connection: &mut PgConnection,
    visit: &Visit,
    article: &ArticleView,
) -> ApiResult<Vec<Card>> {
    let most = usize::try_from(RELATED).unwrap_or_default();
    let (address, wanted) = (Address::Id(article.id), article.language);
    let wanted = Wanted { asked: Some(wanted), preferred: None };
    let cache = &visit.app.cache;
    let mut near = reports::related(connection, cache, false, &address, wanted).await?;
    if near.len() < most {
        let filter = Filter {
            language: Some(article.language),
            category: Some(article.category.clone()),
            ..Filter::default()
        };
        // The article itself and the near ones may be among them.
        let page = PageRequest { start: Start::Offset(0), limit: 2 * RELATED, exact_total: false };
        let request =
            ListRequest { filter, sort_by: ArticleSortBy::Views, order: SortOrder::Desc, page };
        for other in list(connection, false, request).await?.items {
            if other.id != article.id && !near.iter().any(|known| known.id == other.id) {
                near.push(other);
            }
        }
    }
    Ok(near.into_iter().take(most).map(|one| Card::of(article.language, one)).collect())
}

/// `POST /{lang}/articles/{slug}/vote`: whether it helped, and what was missing.
///
/// # Errors
/// 404 where there is no such article; 429 from somebody who votes all the time.
pub async fn vote(visit: Visit, Path(slug): Path<String>, fields: Fields) -> ApiResult<Response> {
    let app = &visit.app;
    let address = Address::parse(&slug).ok_or_else(|| Problem::not_found("The article"))?;
    let checked = app.limiter.check(&VOTES, &visit.address).await;
    checked.map_err(|limited| Problem::too_many(limited.retry_after))?;
    let helpful = match fields.get("helpful") {
        "yes" => true,
        "no" => false,
        _ => return Err(Problem::invalid_field("helpful", "Helpful must be yes or no")),
    };
    let comment: String = fields.get("comment").chars().take(1000).collect();
    let vote = Vote { helpful, comment: Some(comment).filter(|text| !text.is_empty()) };
    let visitor = Visitor::of_page(&visit.anonymous(), visit.browser());
    let mut tx = app.db.begin().await?;
    votes::vote(&mut tx, &*app.clock, &app.keys, false, &address, &visitor, vote).await?;
    tx.commit().await?;
    let (lang, said) = (visit.lang, if helpful { "yes" } else { "no" });
    let said = if fields.get("comment").is_empty() { said } else { "yes" };
    go_on(&format!("/{lang}/articles/{}?voted={said}#vote", encoded(&slug)))
}
