//! A customer's requests, behind a link that is sent to their address.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kamhub_cache::RateRule;
use kamhub_httpkit::{ApiResult, Problem, request, validate};
use kamhub_jobs::NewJob;
use kamhub_kernel::Actor;

use super::fields::{self, Fields};
use super::page::{Frame, go_on, plain, private};
use super::ticket::state::State as Shown;
use super::visit::{OfMail, Visit, preferred};
use crate::app::App;
use crate::help_centre::dates::When;
use crate::help_centre::jobs::SendRequestsLink;
use crate::help_centre::words;
use crate::identity::service::{
    TICKET_LINK_LIFE, customer_by_requests_link, requests_link_verify, ticket_link_create,
};
use crate::tickets::service::of_customer;

const FORM: &str = "my requests";
/// Requests that the list shows.
const MOST: i64 = 100;
/// Links that one address of the network may ask for, and that one mailbox may be sent.
const ASKING: RateRule =
    RateRule { name: "requests_links_asked", burst: 10, per: Duration::from_secs(600) };
const SENDING: RateRule =
    RateRule { name: "requests_links_sent", burst: 3, per: Duration::from_secs(3600) };

#[derive(Template)]
#[template(path = "help_centre/my_requests_ask.html")]
struct AskPage {
    page: Frame,
    form: String,
    email: String,
    fault: Option<String>,
    notice: Option<&'static str>,
    is_sent: bool,
}

/// `GET /{lang}/requests`.
///
/// # Errors
/// 404 where no mail can be sent.
pub async fn show(visit: Visit) -> ApiResult<Response> {
    ask(&visit, StatusCode::OK, "", None, None)
}

/// `GET /{lang}/requests/sent`: the same whether the address is known or not.
///
/// # Errors
/// As [`show`].
pub async fn sent(visit: Visit) -> ApiResult<Response> {
    let page = Frame::of(&visit).private();
    let (form, email) = (String::new(), String::new());
    let template = AskPage { page, form, email, fault: None, notice: None, is_sent: true };
    private(StatusCode::OK, &template)
}

fn ask(
    visit: &Visit,
    status: StatusCode,
    email: &str,
    fault: Option<String>,
    notice: Option<&'static str>,
) -> ApiResult<Response> {
    let page = Frame::of(visit);
    if !page.has_mail {
        return Err(Problem::not_found("This page"));
    }
    let form = fields::token(visit, FORM);
    private(status, &AskPage { page, form, email: email.to_owned(), fault, notice, is_sent: false })
}

/// `POST /{lang}/requests`.
///
/// # Errors
/// A database fault.
pub async fn send(visit: Visit, fields: Fields) -> ApiResult<Response> {
    let w = words::words(visit.lang);
    let email = fields.get("email");
    if fields.age(&visit, FORM).is_none() {
        return ask(&visit, StatusCode::BAD_REQUEST, email, None, Some(w.form_old));
    }
    if let Err(fault) = validate::email(email, &()) {
        let fault = words::fault(visit.lang, fault.message());
        return ask(&visit, StatusCode::BAD_REQUEST, email, Some(fault), None);
    }
    let app = &visit.app;
    if app.limiter.check(&ASKING, &visit.address).await.is_err() {
        return ask(&visit, StatusCode::TOO_MANY_REQUESTS, email, None, Some(w.too_often));
    }
    // A mailbox that was sent enough gets the same answer, too.
    if app.limiter.check(&SENDING, &email.to_lowercase()).await.is_ok() {
        let job = SendRequestsLink { email: email.to_owned(), language: visit.lang };
        let mut tx = app.db.begin().await?;
        kamhub_jobs::enqueue(&mut tx, &*app.clock, NewJob::new(job)).await?;
        tx.commit().await?;
        app.queue.wake();
    }
    go_on(&format!("/{}/requests/sent", visit.lang))
}

/// `GET /my/{token}`: the address in the mail.
pub async fn enter(
    State(app): State<App>,
    headers: HeaderMap,
    Path(token): Path<String>,
    Query(mail): Query<OfMail>,
) -> ApiResult<Response> {
    let lang = preferred(&app, &headers, mail.language());
    go_on(&format!("/{lang}/my/{}", plain(&token)?))
}

struct Row {
    path: String,
    number: String,
    subject: String,
    state: Shown,
    created: When,
}

#[derive(Template)]
#[template(path = "help_centre/my_requests.html")]
struct ListPage {
    page: Frame,
    rows: Vec<Row>,
}

/// `GET /{lang}/my/{token}`.
///
/// # Errors
/// 401 by a link that has ended.
pub async fn list(visit: Visit, Path(token): Path<String>) -> ApiResult<Response> {
    let app = &visit.app;
    let now = app.clock.now();
    let customer = requests_link_verify(&app.keys, now, &token)?;
    let mut connection = app.db.connection().await?;
    let actor = customer_by_requests_link(&mut connection, customer).await?;
    request::set_actor(actor.label());
    let Actor::Customer { email: Some(email), .. } = &actor else {
        return Err(Problem::not_found("This page"));
    };
    let found = of_customer::newest(&mut connection, Some(customer), email, MOST).await?;
    drop(connection);
    let page = Frame::of(&visit).private();
    let row = |ticket: crate::tickets::model::TicketInShort| {
        let ends = now + TICKET_LINK_LIFE;
        let token = ticket_link_create(&app.keys, ticket.id, customer, ends);
        Row {
            path: format!("/{}/t/{token}", visit.lang),
            number: ticket.number,
            subject: ticket.subject,
            state: Shown::of(visit.lang, ticket.status),
            created: page.day(ticket.created_at),
        }
    };
    let rows = found.into_iter().map(row).collect();
    private(StatusCode::OK, &ListPage { page, rows })
}
