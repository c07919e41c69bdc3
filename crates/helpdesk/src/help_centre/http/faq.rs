//! Questions that are asked often, with their answers.

use askama::Template;
use axum::response::Response;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::page::{PageRequest, Start};
use kamhub_postgres::PgConnection;
use serde_json::json;

use super::listing::Titles;
use super::page::{Frame, json_ld, public};
use super::visit::Visit;
use crate::app::App;
use crate::faq::model::{FaqView, Filter, ListRequest};
use crate::faq::service;
use crate::language::Language;

/// Questions on the page; more than anybody reads.
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
    data: String,
}

/// `GET /{lang}/faq`.
///
/// # Errors
/// A database fault.
pub async fn show(visit: Visit) -> ApiResult<Response> {
    let mut connection = visit.app.db.connection().await?;
    let questions = questions(&mut connection, &visit.app, visit.lang, None, MOST).await?;
    let titles = Titles::load(&mut connection).await?;
    drop(connection);
    let data = structured(&questions);
    let mut groups: Vec<Group> = Vec::new();
    for question in questions {
        let title = titles.of(visit.lang, &question.category);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.questions.push(question),
            None => groups.push(Group { title, questions: vec![question] }),
        }
    }
    public(&visit, &FaqPage { page: Frame::of(&visit), groups, data })
}

/// The questions of a language, the most important first.
///
/// # Errors
/// A database fault.
pub async fn questions(
    connection: &mut PgConnection,
    app: &App,
    lang: Language,
    category: Option<String>,
    most: i64,
) -> ApiResult<Vec<FaqView>> {
    let filter = Filter { category, language: Some(lang) };
    let page = PageRequest { start: Start::Offset(0), limit: most, exact_total: false };
    Ok(service::list(connection, &app.cache, ListRequest { filter, page }).await?.items)
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
