//! Looking for an answer.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kamhub_httpkit::ApiResult;
use kamhub_postgres::PgConnection;
use serde::Deserialize;

use super::listing::{Titles, encoded};
use super::page::{Frame, public};
use super::visit::Visit;
use crate::app::App;
use crate::help_centre::words;
use crate::knowledge::service::reports;
use crate::language::Language;
use crate::search::model::{DocumentKind, Found, Fragment, Hit, Reach, Request};
use crate::search::service::suggest::suggest;
use crate::search::service::{MISSES, find};

const PER_PAGE: usize = 10;
/// Answers that are shown beside a form.
const BESIDE: usize = 4;
/// Titles that are offered while somebody types.
const OFFERED: i64 = 6;
/// The longest query, in characters; as the API has it.
const LONGEST: usize = 200;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    cursor: Option<String>,
}

impl Asked {
    fn query(&self) -> String {
        self.q.trim().chars().take(LONGEST).collect()
    }
}

/// A result.
struct Answer {
    path: String,
    title: Vec<Fragment>,
    snippet: Vec<Fragment>,
    is_question: bool,
    category: Option<String>,
    language: Option<&'static str>,
}

impl Answer {
    fn of(lang: Language, hit: Hit) -> Self {
        let path = match (hit.kind, &hit.slug) {
            (DocumentKind::Article, Some(slug)) => format!("/{lang}/articles/{slug}"),
            _ => format!("/{}/faq/{}", hit.language.unwrap_or(lang), hit.id),
        };
        Self {
            path,
            title: hit.title,
            snippet: hit.snippet,
            is_question: hit.kind == DocumentKind::Faq,
            category: hit.category,
            language: hit.language.filter(|spoken| *spoken != lang).map(Language::name),
        }
    }
}

/// A query that may have been meant instead.
struct Meant {
    path: String,
    query: String,
}

#[derive(Template)]
#[template(path = "help_centre/search.html")]
struct SearchPage {
    page: Frame,
    query: String,
    total: String,
    corrected: Option<(String, String)>,
    meant: Option<Meant>,
    answers: Vec<Answer>,
    next: Option<String>,
    ask: String,
}

#[derive(Template)]
#[template(path = "help_centre/suggestions.html")]
struct Suggestions {
    w: &'static words::Words,
    answers: Vec<Answer>,
}

/// `GET /{lang}/search`.
///
/// # Errors
/// A database fault.
pub async fn show(visit: Visit, Query(asked): Query<Asked>) -> ApiResult<Response> {
    let query = asked.query();
    let mut page = Frame::of(&visit);
    page.is_public = false;
    page.other = page.other.map(|path| format!("{path}?q={}", encoded(&query)));
    let mut template = SearchPage {
        total: String::new(),
        corrected: None,
        meant: None,
        answers: Vec::new(),
        next: None,
        ask: format!("/{}/request?subject={}", visit.lang, encoded(&query)),
        query,
        page,
    };
    if !template.query.is_empty() {
        let skip = asked.cursor.as_deref().and_then(|cursor| find::skip(cursor, &template.query));
        let mut connection = visit.app.db.connection().await?;
        let found = look(
            &mut connection,
            &visit.app,
            visit.lang,
            &template.query,
            PER_PAGE,
            skip.unwrap_or(0),
        )
        .await?;
        if found.results.is_empty() && skip.is_none() {
            missed(&visit, &mut connection, &template.query).await?;
        }
        template.total = words::found(visit.lang, found.total, found.total_capped);
        template.corrected = found.corrected.map(|read| (read.from, read.to));
        template.meant = found.did_you_mean.map(|query| Meant {
            path: format!("/{}/search?q={}", visit.lang, encoded(&query)),
            query,
        });
        let next = found.next_cursor.map(|cursor| {
            format!("/{}/search?q={}&cursor={cursor}", visit.lang, encoded(&template.query))
        });
        template.next = next;
        template.answers =
            found.results.into_iter().map(|hit| Answer::of(visit.lang, hit)).collect();
        let titles = Titles::load(&mut connection).await?;
        for answer in &mut template.answers {
            answer.category = answer.category.take().map(|name| titles.of(visit.lang, &name));
        }
    }
    public(&visit, &template)
}

/// Counts a search of the public that found nothing.
async fn missed(visit: &Visit, connection: &mut PgConnection, query: &str) -> ApiResult<()> {
    let app = &visit.app;
    let reader = visit.reader().await;
    if reader.is_staff() || app.limiter.check(&MISSES, &reader.label()).await.is_err() {
        return Ok(());
    }
    Ok(reports::note_miss(connection, app.clock.now(), query).await?)
}

/// In the reader's language; in the other one too where there is nothing in theirs.
async fn look(
    connection: &mut PgConnection,
    app: &App,
    lang: Language,
    query: &str,
    limit: usize,
    skip: usize,
) -> ApiResult<Found> {
    let kinds = vec![DocumentKind::Article, DocumentKind::Faq];
    let request = Request {
        query: query.to_owned(),
        kinds,
        category: None,
        language: Some(lang),
        limit,
        skip,
    };
    let found = find::answer(connection, &app.cache, &app.words, Reach::PUBLIC, &request).await?;
    if found.total > 0 {
        return Ok(found);
    }
    let anywhere = Request { language: None, ..request };
    Ok(find::answer(connection, &app.cache, &app.words, Reach::PUBLIC, &anywhere).await?)
}

/// `GET /{lang}/suggest`: answers to what somebody is about to ask, as a part of a page.
///
/// # Errors
/// A database fault.
pub async fn beside(visit: Visit, Query(asked): Query<Asked>) -> ApiResult<Response> {
    let query = asked.query();
    let mut answers = Vec::new();
    if query.chars().count() >= 3 {
        let mut connection = visit.app.db.connection().await?;
        let found = look(&mut connection, &visit.app, visit.lang, &query, BESIDE, 0).await?;
        answers.extend(found.results.into_iter().map(|hit| Answer::of(visit.lang, hit)));
    }
    public(&visit, &Suggestions { w: words::words(visit.lang), answers })
}

/// `GET /{lang}/complete`: titles that go on from what is typed, as a part of a page.
///
/// # Errors
/// A database fault.
pub async fn complete(visit: Visit, Query(asked): Query<Asked>) -> ApiResult<Response> {
    let query = asked.query();
    let mut answers = Vec::new();
    if query.chars().count() >= 2 {
        let mut connection = visit.app.db.connection().await?;
        let offered = suggest(&mut connection, &query, Some(visit.lang), OFFERED).await?;
        answers.extend(offered.suggestions.into_iter().map(|one| Answer {
            path: match &one.slug {
                Some(slug) => format!("/{}/articles/{slug}", visit.lang),
                None => format!("/{}/faq/{}", visit.lang, one.id),
            },
            title: one.title,
            snippet: Vec::new(),
            is_question: one.kind == DocumentKind::Faq,
            category: None,
            language: None,
        }));
    }
    public(&visit, &Suggestions { w: words::words(visit.lang), answers })
}
