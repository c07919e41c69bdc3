//! The front door.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::page::{PageRequest, Start};

use super::faq;
use super::listing::{Card, Shelf, Titles};
use super::page::{Frame, go_on, public};
use super::visit::{Visit, preferred};
use crate::faq::model::FaqView;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortOrder, list};

/// Articles and questions that are named.
const ARTICLES: usize = 6;
const QUESTIONS: usize = 6;
/// Those that the shelves are counted from.
const COUNTED: i64 = 100;

#[derive(Template)]
#[template(path = "help_centre/home.html")]
struct Home {
    page: Frame,
    shelves: Vec<Shelf>,
    articles: Vec<Card>,
    questions: Vec<FaqView>,
}

/// `GET /`: on to the language that was chosen before, or that the browser likes best.
pub async fn choose(headers: HeaderMap) -> ApiResult<Response> {
    let mut response = go_on(&format!("/{}", preferred(&headers)))?;
    let varies = HeaderValue::from_static("accept-language, cookie");
    response.headers_mut().insert(header::VARY, varies);
    Ok(response)
}

/// `GET /{lang}`.
///
/// # Errors
/// A database fault.
pub async fn show(visit: Visit) -> ApiResult<Response> {
    let mut connection = visit.app.db.connection().await?;
    let filter = Filter { language: Some(visit.lang), ..Filter::default() };
    let page = PageRequest { start: Start::Offset(0), limit: COUNTED, exact_total: false };
    let request =
        ListRequest { filter, sort_by: ArticleSortBy::Views, order: SortOrder::Desc, page };
    let articles = list(&mut connection, false, request).await?.items;
    let questions = faq::questions(&mut connection, &visit.app, visit.lang, None, COUNTED).await?;
    let titles = Titles::load(&mut connection).await?;
    drop(connection);
    let template = Home {
        page: Frame::of(&visit),
        shelves: titles.shelves(visit.lang, &articles, &questions),
        articles: articles
            .into_iter()
            .take(ARTICLES)
            .map(|one| Card::of(visit.lang, one))
            .collect(),
        questions: questions.into_iter().take(QUESTIONS).collect(),
    };
    public(&visit, &template)
}
