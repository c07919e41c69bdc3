//! A shelf of articles and questions.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::page::{PageRequest, Start};

use super::faq;
use super::listing::{Card, Titles};
use super::page::{Frame, public};
use super::visit::Visit;
use crate::faq::model::FaqView;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortOrder, list};

/// Articles and questions of one page; a shelf with more of them is better divided.
const MOST: i64 = 100;

#[derive(Template)]
#[template(path = "help_centre/category.html")]
struct CategoryPage {
    page: Frame,
    title: String,
    articles: Vec<Card>,
    questions: Vec<FaqView>,
}

/// `GET /{lang}/categories/{name}`.
///
/// # Errors
/// 404 where nothing stands there in this language.
pub async fn show(visit: Visit, Path(name): Path<String>) -> ApiResult<Response> {
    let mut connection = visit.app.db.connection().await?;
    let filter =
        Filter { language: Some(visit.lang), category: Some(name.clone()), ..Filter::default() };
    let page = PageRequest { start: Start::Offset(0), limit: MOST, exact_total: false };
    let request =
        ListRequest { filter, sort_by: ArticleSortBy::Views, order: SortOrder::Desc, page };
    let articles = list(&mut connection, false, request).await?.items;
    let questions =
        faq::questions(&mut connection, &visit.app, visit.lang, Some(name.clone()), MOST).await?;
    if articles.is_empty() && questions.is_empty() {
        return Err(Problem::not_found("The category"));
    }
    let titles = Titles::load(&mut connection).await?;
    drop(connection);
    let mut page = Frame::of(&visit);
    // What stands there in the other language, if anything, is not known here.
    page.other = None;
    let articles = articles.into_iter().map(|one| Card::of(visit.lang, one)).collect();
    public(&visit, &CategoryPage { title: titles.of(visit.lang, &name), page, articles, questions })
}
