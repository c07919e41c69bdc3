//! How it was: the page behind the link that customers get after their ticket was resolved.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kamhub_httpkit::{ApiResult, request};
use kamhub_kernel::{Actor, Faults};
use serde::Deserialize;

use super::fields::{self, Fields};
use super::page::{Frame, go_on, plain, private};
use super::visit::{Visit, preferred};
use crate::feedback::Error;
use crate::feedback::http::input::FeedbackByLink;
use crate::feedback::service::give;
use crate::help_centre::words;
use crate::identity;
use crate::identity::service::{LinkPurpose, TicketLink};

const FORM: &str = "opinion";

/// What the link says. The rating is the star that was clicked in the mail.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    token: String,
    rating: Option<i16>,
    done: Option<String>,
}

/// A step of a scale.
struct Step {
    number: i16,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "help_centre/opinion.html")]
struct OpinionPage {
    page: Frame,
    form: String,
    token: String,
    rating: Vec<Step>,
    likely: Vec<Step>,
    comment: String,
    wants_answer: bool,
    fault: Option<String>,
    notice: Option<&'static str>,
    is_done: bool,
}

impl OpinionPage {
    fn new(visit: &Visit, token: &str) -> Self {
        let mut page = Frame::of(visit).private();
        page.other = page.other.map(|path| format!("{path}?token={token}"));
        Self {
            page,
            form: fields::token(visit, FORM),
            token: token.to_owned(),
            rating: scale(1, 5, None),
            likely: scale(0, 10, None),
            comment: String::new(),
            wants_answer: false,
            fault: None,
            notice: None,
            is_done: false,
        }
    }

    fn typed(mut self, fields: &Fields) -> Self {
        self.rating = scale(1, 5, fields.get("rating").parse().ok());
        self.likely = scale(0, 10, fields.get("npsScore").parse().ok());
        self.comment = fields.get("comment").to_owned();
        self.wants_answer = !fields.get("followUpRequired").is_empty();
        self
    }
}

fn scale(from: i16, to: i16, chosen: Option<i16>) -> Vec<Step> {
    (from..=to).map(|number| Step { number, is_chosen: chosen == Some(number) }).collect()
}

/// `GET /rate`: the address in the mail; the page in the customer's language.
pub async fn enter(headers: HeaderMap, Query(asked): Query<Asked>) -> ApiResult<Response> {
    let rating = asked.rating.map(|rating| format!("&rating={rating}")).unwrap_or_default();
    let token = plain(&asked.token)?;
    go_on(&format!("/{}/rate?token={token}{rating}", preferred(&headers)))
}

/// `GET /{lang}/rate`. Nothing is stored before the customer sends it: programs open links, too.
///
/// # Errors
/// 401 by a link that has ended.
pub async fn show(visit: Visit, Query(asked): Query<Asked>) -> ApiResult<Response> {
    open(&visit, &asked.token).await?;
    let is_done = asked.done.is_some();
    let rating = scale(1, 5, asked.rating);
    private(
        StatusCode::OK,
        &OpinionPage { rating, is_done, ..OpinionPage::new(&visit, &asked.token) },
    )
}

async fn open(visit: &Visit, token: &str) -> ApiResult<(TicketLink, Actor)> {
    let app = &visit.app;
    let now = app.clock.now();
    let link = identity::service::link_verify(&app.keys, LinkPurpose::Feedback, now, token)?;
    let mut connection = app.db.connection().await?;
    let actor = identity::service::customer_by_link(&mut connection, link).await?;
    request::set_actor(actor.label());
    Ok((link, actor))
}

/// `POST /{lang}/rate`.
///
/// # Errors
/// As [`show`].
pub async fn send(visit: Visit, fields: Fields) -> ApiResult<Response> {
    let token = fields.get("token").to_owned();
    let (link, actor) = open(&visit, &token).await?;
    let again = |status, fault: Option<String>, notice| {
        let page = OpinionPage::new(&visit, &token).typed(&fields);
        private(status, &OpinionPage { fault, notice, ..page })
    };
    let w = words::words(visit.lang);
    if fields.age(&visit, FORM).is_none() {
        return again(StatusCode::BAD_REQUEST, None, Some(w.form_old));
    }
    let body: FeedbackByLink = match fields.read_typed(
        &["token", "comment"],
        &["rating", "npsScore"],
        &["followUpRequired"],
    ) {
        Ok(body) => body,
        Err(faults) => {
            return again(StatusCode::BAD_REQUEST, Some(sentence(&visit, &faults)), None);
        }
    };
    let app = &visit.app;
    let mut tx = app.db.begin().await?;
    match give::give(&mut tx, &*app.clock, &actor, link.ticket, body.into()).await {
        Ok(_) => {
            tx.commit().await?;
            go_on(&format!("/{}/rate?token={token}&done", visit.lang))
        }
        Err(Error::Settled(_)) => again(StatusCode::CONFLICT, None, Some(w.opinion_settled)),
        Err(error) => Err(error.into()),
    }
}

fn sentence(visit: &Visit, faults: &Faults) -> String {
    let w = words::words(visit.lang);
    match faults.iter().next() {
        Some(("comment", sentence)) => words::fault(visit.lang, sentence),
        _ => w.opinion_choose.to_owned(),
    }
}
