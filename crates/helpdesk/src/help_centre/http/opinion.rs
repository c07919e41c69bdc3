//! How it was: the page behind the link that customers get after their ticket was resolved.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kamhub_httpkit::{ApiResult, request};
use kamhub_kernel::{Actor, Faults};
use serde::Deserialize;

use super::fields::{self, Fields};
use super::page::{Frame, go_on, plain, private};
use super::visit::{OfMail, Visit, preferred};
use crate::app::App;
use crate::feedback::Error;
use crate::feedback::http::input::FeedbackByLink;
use crate::feedback::model::Feedback;
use crate::feedback::service::give;
use crate::help_centre::words;
use crate::identity;
use crate::identity::service::{LinkPurpose, TicketLink};

const FORM: &str = "opinion";
/// The hidden field by which the whole form is told from a star that sends itself.
const WHOLE: &str = "whole";

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
    easy: Vec<Step>,
    comment: String,
    wants_answer: bool,
    fault: Option<String>,
    notice: Option<&'static str>,
    kept: Option<String>,
    sends_itself: bool,
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
            easy: scale(1, 7, None),
            comment: String::new(),
            wants_answer: false,
            fault: None,
            notice: None,
            kept: None,
            sends_itself: false,
            is_done: false,
        }
    }

    fn typed(mut self, fields: &Fields) -> Self {
        self.rating = scale(1, 5, fields.get("rating").parse().ok());
        self.likely = scale(0, 10, fields.get("npsScore").parse().ok());
        self.easy = scale(1, 7, fields.get("cesScore").parse().ok());
        self.comment = fields.get("comment").to_owned();
        self.wants_answer = !fields.get("followUpRequired").is_empty();
        self
    }

    /// As it was said before; a star that was clicked since then is chosen, and sends itself.
    fn said(mut self, said: Option<Feedback>, clicked: Option<i16>) -> Self {
        let before = said.as_ref().map(|said| said.rating);
        self.sends_itself = clicked.is_some() && clicked != before;
        self.rating = scale(1, 5, clicked.or(before));
        let Some(said) = said else { return self };
        self.likely = scale(0, 10, said.nps_score);
        self.easy = scale(1, 7, said.ces_score);
        self.wants_answer = said.waits_for_follow_up();
        self.kept = Some(words::opinion_kept(self.page.lang, said.rating));
        self.comment = said.comment.unwrap_or_default();
        self
    }
}

fn scale(from: i16, to: i16, chosen: Option<i16>) -> Vec<Step> {
    (from..=to).map(|number| Step { number, is_chosen: chosen == Some(number) }).collect()
}

/// `GET /rate`: the address in the mail; the page in the customer's language.
pub async fn enter(
    State(app): State<App>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
    Query(mail): Query<OfMail>,
) -> ApiResult<Response> {
    let rating = asked.rating.map(|rating| format!("&rating={rating}")).unwrap_or_default();
    let token = plain(&asked.token)?;
    let lang = preferred(&app, &headers, mail.language());
    go_on(&format!("/{lang}/rate?token={token}{rating}"))
}

/// `GET /{lang}/rate`. Nothing is stored by looking: programs open links, too. The star that was clicked
/// in the mail is sent by the page's script, and by its button where there is none.
///
/// # Errors
/// 401 by a link that has ended.
pub async fn show(visit: Visit, Query(asked): Query<Asked>) -> ApiResult<Response> {
    let (link, actor) = open(&visit, &asked.token).await?;
    let mut connection = visit.app.db.connection().await?;
    let said = give::said(&mut connection, &actor, link.ticket).await?;
    drop(connection);
    let clicked = asked.rating.filter(|rating| (1..=5).contains(rating));
    let page = OpinionPage::new(&visit, &asked.token).said(said, clicked);
    private(StatusCode::OK, &OpinionPage { is_done: asked.done.is_some(), ..page })
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
        &["rating", "npsScore", "cesScore"],
        &["followUpRequired"],
    ) {
        Ok(body) => body,
        Err(faults) => {
            return again(StatusCode::BAD_REQUEST, Some(sentence(&visit, &faults)), None);
        }
    };
    let mut request = give::Request::from(body);
    if !fields.get(WHOLE).is_empty() {
        // What was kept stood in the form: what is empty now was taken back.
        let mut connection = visit.app.db.connection().await?;
        let said = give::said(&mut connection, &actor, link.ticket).await?;
        drop(connection);
        request.said.comment = Some(fields.get("comment").to_owned());
        if said.is_some_and(|said| said.waits_for_follow_up()) {
            let wants_answer = !fields.get("followUpRequired").is_empty();
            request.said.follow_up_required = Some(wants_answer);
        }
    }
    let app = &visit.app;
    let mut tx = app.db.begin().await?;
    match give::give(&mut tx, &*app.clock, &actor, link.ticket, request).await {
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
        Some(("npsScore", _)) => w.opinion_choose_likely.to_owned(),
        Some(("cesScore", _)) => w.opinion_choose_easy.to_owned(),
        _ => w.opinion_choose.to_owned(),
    }
}
