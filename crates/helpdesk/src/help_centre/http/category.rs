//! A shelf of articles and questions.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::page::{PageRequest, Start};
use serde::Deserialize;

use super::faq;
use super::listing::{Card, Titles, category_path};
use super::page::{Frame, public};
use super::visit::Visit;
use crate::faq::model::FaqView;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortOrder, list};

/// Articles of one page, and all questions: a shelf with more of these is better divided.
const MOST: i64 = 100;
/// The last page that can be asked for.
const LAST_PAGE: i64 = 1_000;

/// Which part of a long shelf.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    page: Option<String>,
}

impl Part {
    /// The page, from 1; anything that is none is the first.
    fn number(&self) -> i64 {
        let asked = self.page.as_deref().and_then(|page| page.parse().ok());
        asked.filter(|page| (1..=LAST_PAGE).contains(page)).unwrap_or(1)
    }
}

#[derive(Template)]
#[template(path = "help_centre/category.html")]
struct CategoryPage {
    page: Frame,
    title: String,
    articles: Vec<Card>,
    questions: Vec<FaqView>,
    previous: Option<String>,
    next: Option<String>,
}

/// `GET /{lang}/categories/{name}`.
///
/// # Errors
/// 404 where nothing stands there in this language.
pub async fn show(
    visit: Visit,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> ApiResult<Response> {
    let number = part.number();
    let mut connection = visit.app.db.connection().await?;
    let filter =
        Filter { language: Some(visit.lang), category: Some(name.clone()), ..Filter::default() };
    let page =
        PageRequest { start: Start::Offset((number - 1) * MOST), limit: MOST, exact_total: false };
    let request =
        ListRequest { filter, sort_by: ArticleSortBy::Views, order: SortOrder::Desc, page };
    let found = list(&mut connection, false, request).await?;
    let questions = match number {
        1 => {
            faq::questions(&mut connection, &visit.app, visit.lang, Some(name.clone()), MOST)
                .await?
        }
        _ => Vec::new(),
    };
    let (articles, goes_on) = (found.items, found.next_cursor.is_some() && number < LAST_PAGE);
    if articles.is_empty() && questions.is_empty() {
        return Err(Problem::not_found("The category"));
    }
    let titles = Titles::load(&mut connection).await?;
    drop(connection);
    let mut page = Frame::of(&visit);
    // What stands there in the other language, if anything, is not known here.
    page.other = None;
    let path = category_path(visit.lang, &name);
    let at = |number: i64| format!("{path}?page={number}");
    if number > 1 {
        // To search engines it is a page of its own, not the first one again.
        page.path = at(number);
    }
    let template = CategoryPage {
        title: titles.of(visit.lang, &name),
        page,
        articles: articles.into_iter().map(|one| Card::of(visit.lang, one)).collect(),
        questions,
        previous: (number > 1).then(|| at(number - 1)),
        next: goes_on.then(|| at(number + 1)),
    };
    public(&visit, &template)
}
