//! Questions that are asked often, with their answers.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::page::{Page, PageRequest, Start};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::fields::check_origin;
use super::listing::{Part, Titles, category_path, neighbours};
use super::page::{Frame, json_ld, moved, public};
use super::visit::Visit;
use crate::app::App;
use crate::faq::model::{FaqView, Filter, ListRequest};
use crate::faq::service;
use crate::ids::FaqId;
use crate::knowledge::visitor::Visitor;
use crate::knowledge::{markdown, views};
use crate::language::Language;

/// Questions of one page.
const MOST: i64 = 100;

/// Questions of one category.
struct Group {
    title: String,
    questions: Vec<FaqView>,
}

#[derive(Template)]
#[template(path = "help_centre/faq.html")]
struct FaqPage {
    page: Frame,
    groups: Vec<Group>,
    previous: Option<String>,
    next: Option<String>,
    data: String,
}

#[derive(Template)]
#[template(path = "help_centre/faq_one.html")]
struct OnePage {
    page: Frame,
    faq: FaqView,
    description: String,
    category_path: String,
    category_title: String,
    data: String,
}

/// `GET /{lang}/faq`.
///
/// # Errors
/// 404 for a page after the last one; a database fault.
pub async fn show(visit: Visit, Query(part): Query<Part>) -> ApiResult<Response> {
    let (number, lang) = (part.number(), visit.lang);
    let mut connection = visit.app.db.connection().await?;
    let skip = (number - 1) * MOST;
    let found = questions(&mut connection, &visit.app, lang, None, (skip, MOST)).await?;
    if number > 1 && found.items.is_empty() {
        return Err(Problem::not_found("This page"));
    }
    let titles = Titles::load(&mut connection).await?;
    drop(connection);
    let data = structured(&found.items);
    let mut groups: Vec<Group> = Vec::new();
    for question in found.items {
        let title = titles.of(lang, &question.category);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.questions.push(question),
            None => groups.push(Group { title, questions: vec![question] }),
        }
    }
    let mut page = Frame::of(&visit);
    let [previous, next] = neighbours(&visit.path, number, found.next_cursor.is_some());
    if number > 1 {
        page.path = format!("{}?page={number}", visit.path);
        page.elsewhere = page.other.take();
    }
    public(&visit, &FaqPage { page, groups, previous, next, data })
}

/// `GET /{lang}/faq/{id}`: one question under an address of its own, which results lead to.
///
/// # Errors
/// 404 where there is no such question.
pub async fn one(visit: Visit, Path(id): Path<i64>) -> ApiResult<Response> {
    let (app, lang) = (&visit.app, visit.lang);
    let mut connection = app.db.connection().await?;
    let faq = service::read(&mut connection, &app.cache, FaqId(id)).await?;
    if faq.language != lang {
        return Ok(moved(&format!("/{}/faq/{id}", faq.language)));
    }
    let titles = Titles::load(&mut connection).await?;
    drop(connection);
    views::faq_seen(app, faq.id, &Visitor::of_page(&visit.reader().await, visit.browser()));
    let mut page = Frame::of(&visit);
    page.other = None;
    page.elsewhere = Some(format!("/{}/faq", lang.other()));
    let template = OnePage {
        description: markdown::excerpt(&faq.answer),
        category_path: category_path(lang, &faq.category),
        category_title: titles.of(lang, &faq.category),
        data: structured(std::slice::from_ref(&faq)),
        page,
        faq,
    };
    public(&visit, &template)
}

/// `POST /{lang}/faq/{id}/seen`: somebody opened a question on a page that shows many.
///
/// # Errors
/// 403 from another site; 404 where there is no such question.
pub async fn seen(visit: Visit, Path(id): Path<i64>, headers: HeaderMap) -> ApiResult<Response> {
    let app = &visit.app;
    check_origin(&headers, &app.settings.public_url)?;
    let mut connection = app.db.connection().await?;
    let faq = service::read(&mut connection, &app.cache, FaqId(id)).await?;
    drop(connection);
    views::faq_seen(app, faq.id, &Visitor::of_page(&visit.reader().await, visit.browser()));
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Questions of a language, the most important first: so many are passed over, so many given at most.
///
/// # Errors
/// A database fault.
pub async fn questions(
    connection: &mut PgConnection,
    app: &App,
    lang: Language,
    category: Option<String>,
    (skip, most): (i64, i64),
) -> ApiResult<Page<FaqView>> {
    let filter = Filter { category, language: Some(lang) };
    let page = PageRequest { start: Start::Offset(skip), limit: most, exact_total: false };
    Ok(service::list(connection, &app.cache, ListRequest { filter, page }).await?)
}

/// What search engines learn of it (schema.org/FAQPage).
fn structured(questions: &[FaqView]) -> String {
    let entities = questions.iter().map(|faq| {
        json!({
            "@type": "Question",
            "name": faq.question,
            "acceptedAnswer": {"@type": "Answer", "text": faq.answer_html},
        })
    });
    json_ld(&json!({
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": entities.collect::<Vec<_>>(),
    }))
}
