//! A shelf of articles and questions.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::page::{PageRequest, Start};
use kamhub_postgres::PgConnection;

use super::faq;
use super::listing::{Card, Part, Titles, category_path, neighbours};
use super::page::{Frame, moved, public};
use super::visit::Visit;
use crate::app::App;
use crate::faq::model::FaqView;
use crate::faq::service as faqs;
use crate::help_centre::words;
use crate::knowledge::service::categories;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortOrder, list};
use crate::language::Language;

/// Articles of one page, and questions of one page.
const MOST: i64 = 100;

#[derive(Template)]
#[template(path = "help_centre/category.html")]
struct CategoryPage {
    page: Frame,
    title: String,
    description: String,
    articles: Vec<Card>,
    questions: Vec<FaqView>,
    previous: Option<String>,
    next: Option<String>,
}

/// `GET /{lang}/categories/{name}`. A name that is written otherwise, or that the category had before, leads to the one
/// that it has.
///
/// # Errors
/// 404 where there is no such category, or nothing stands there in this language.
pub async fn show(
    visit: Visit,
    Path(name): Path<String>,
    Query(part): Query<Part>,
) -> ApiResult<Response> {
    let (number, lang) = (part.number(), visit.lang);
    let mut connection = visit.app.db.connection().await?;
    let present = categories::present_name(&mut connection, &name).await?;
    match present.ok_or_else(|| Problem::not_found("The category"))? {
        present if present == name => {}
        present => return Ok(moved(&category_path(lang, &present))),
    }
    let filter = Filter { language: Some(lang), category: Some(name.clone()), ..Filter::default() };
    let skip = (number - 1) * MOST;
    let page = PageRequest { start: Start::Offset(skip), limit: MOST, exact_total: false };
    let request =
        ListRequest { filter, sort_by: ArticleSortBy::Views, order: SortOrder::Desc, page };
    let articles = list(&mut connection, false, request).await?;
    let shelf = Some(name.clone());
    let questions = faq::questions(&mut connection, &visit.app, lang, shelf, (skip, MOST)).await?;
    if articles.items.is_empty() && questions.items.is_empty() {
        return Err(Problem::not_found("The category"));
    }
    let goes_on = articles.next_cursor.is_some() || questions.next_cursor.is_some();
    let titles = Titles::load(&mut connection).await?;
    let is_there_too = stands(&mut connection, &visit.app, lang.other(), &name).await?;
    drop(connection);
    let mut page = Frame::of(&visit);
    let there = category_path(lang.other(), &name);
    page.elsewhere = is_there_too.then(|| there.clone());
    page.other = page.elsewhere.clone().filter(|_| number == 1);
    let path = category_path(lang, &name);
    if number > 1 {
        // To search engines it is a page of its own, not the first one again.
        page.path = format!("{path}?page={number}");
    }
    let [previous, next] = neighbours(&path, number, goes_on);
    let title = titles.of(lang, &name);
    let template = CategoryPage {
        description: words::shelf(lang, &title),
        title,
        page,
        articles: articles.items.into_iter().map(|one| Card::of(lang, one)).collect(),
        questions: questions.items,
        previous,
        next,
    };
    public(&visit, &template)
}

/// Whether anything stands on the shelf in a language.
async fn stands(
    connection: &mut PgConnection,
    app: &App,
    lang: Language,
    name: &str,
) -> ApiResult<bool> {
    let articles = categories::standing(connection, &app.cache, lang).await?;
    Ok(articles.contains_key(name)
        || faqs::standing(connection, &app.cache, lang).await?.contains_key(name))
}
