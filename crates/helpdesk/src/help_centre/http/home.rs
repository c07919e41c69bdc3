//! The front door.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::page::{PageRequest, Start};

use super::faq;
use super::listing::{Card, Shelf, Titles};
use super::page::{Frame, go_on, public};
use super::visit::{Visit, preferred};
use crate::app::App;
use crate::faq::model::FaqView;
use crate::faq::service as faqs;
use crate::knowledge::service::categories;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortOrder, list};

/// Articles and questions that are named.
const ARTICLES: i64 = 6;
const QUESTIONS: i64 = 6;

#[derive(Template)]
#[template(path = "help_centre/home.html")]
struct Home {
    page: Frame,
    shelves: Vec<Shelf>,
    articles: Vec<Card>,
    questions: Vec<FaqView>,
}

/// `GET /`: on to the language that was chosen before, or that the browser likes best, or the desk's own.
pub async fn choose(State(app): State<App>, headers: HeaderMap) -> ApiResult<Response> {
    let mut response = go_on(&format!("/{}", preferred(&app, &headers, None)))?;
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
    let page = PageRequest { start: Start::Offset(0), limit: ARTICLES, exact_total: false };
    let request =
        ListRequest { filter, sort_by: ArticleSortBy::Views, order: SortOrder::Desc, page };
    let articles = list(&mut connection, false, request).await?.items;
    let (app, lang) = (&visit.app, visit.lang);
    let questions = faq::questions(&mut connection, app, lang, None, (0, QUESTIONS)).await?.items;
    let of_articles = categories::standing(&mut connection, &app.cache, lang).await?;
    let of_questions = faqs::standing(&mut connection, &app.cache, lang).await?;
    let titles = Titles::load(&mut connection).await?;
    drop(connection);
    let template = Home {
        page: Frame::of(&visit),
        shelves: titles.shelves(lang, &of_articles, &of_questions),
        articles: articles.into_iter().map(|one| Card::of(lang, one)).collect(),
        questions,
    };
    public(&visit, &template)
}
