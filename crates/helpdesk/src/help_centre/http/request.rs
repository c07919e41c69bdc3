//! The form by which anybody asks for help, and the page that says that it has arrived.

use std::time::Duration;

use askama::Template;
use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use kamhub_cache::RateRule;
use kamhub_httpkit::{Answer, ApiResult, Problem};
use kamhub_kernel::Faults;
use kamhub_postgres::PgConnection;
use serde::Deserialize;

use super::fields::{self, Fields};
use super::form::{FilesField, Form};
use super::page::{Frame, open, private};
use super::visit::Visit;
use crate::app::App;
use crate::attachments;
use crate::category::Category;
use crate::help_centre::dates::When;
use crate::help_centre::words::{self, Words};
use crate::identity::service::{
    TICKET_LINK_LIFE, customer_for_service, form_token_age, form_token_create, ticket_link_create,
};
use crate::tickets;
use crate::tickets::http::create::CreateTicket;
use crate::tickets::http::create::store;
use crate::tickets::model::{Channel, Ticket};

const FORM: &str = "request";
/// Nobody reads the form and writes ten characters faster than this.
const SOONEST: TimeDelta = TimeDelta::seconds(2);
/// The field that people do not see and programs fill in.
const TRAP: &str = "website";
/// The fields, as the API names them.
const NAMES: [&str; 5] = ["subject", "description", "category", "customerName", "customerEmail"];
const BOOKING: &str = "relatedBookingId";

/// What was typed, and what is wrong with it, field by field.
#[derive(Debug, Clone, Default)]
struct Typed {
    subject: Field,
    description: Field,
    category: Field,
    name: Field,
    email: Field,
    booking: Field,
    trap: Field,
}

/// A field of the form.
#[derive(Debug, Clone, Default)]
struct Field {
    value: String,
    fault: Option<String>,
}

impl Typed {
    fn of(visit: &Visit, fields: &Fields, faults: &Faults) -> Self {
        let field = |name: &str| Field {
            value: fields.get(name).to_owned(),
            fault: faults
                .iter()
                .find(|(path, _)| *path == name)
                .map(|(_, sentence)| words::fault(visit.lang, sentence)),
        };
        Self {
            subject: field("subject"),
            description: field("description"),
            category: field("category"),
            name: field("customerName"),
            email: field("customerEmail"),
            booking: field(BOOKING),
            trap: field(TRAP),
        }
    }

    /// The fields with faults: their ids, what they are called, and what is wrong.
    fn faults(&self, w: &'static Words) -> Vec<(&'static str, &'static str, &str)> {
        let fields = [
            ("subject", w.request_subject, &self.subject),
            ("description", w.request_description, &self.description),
            ("category", w.ticket_topic, &self.category),
            ("booking", w.request_booking, &self.booking),
            ("name", w.request_name, &self.name),
            ("email", w.request_email, &self.email),
            ("website", w.request_trap, &self.trap),
        ];
        let wrong = fields
            .into_iter()
            .filter_map(|(id, label, field)| Some((id, label, field.fault.as_deref()?)));
        wrong.collect()
    }
}

#[derive(Template)]
#[template(path = "help_centre/request.html")]
struct RequestPage {
    page: Frame,
    form: String,
    typed: Typed,
    files: FilesField,
    notice: Option<&'static str>,
    topics: Vec<Topic>,
}

struct Topic {
    value: &'static str,
    name: &'static str,
    is_chosen: bool,
}

impl RequestPage {
    fn of(visit: &Visit, typed: Typed, files: FilesField) -> Self {
        let topic = |category: &Category| Topic {
            value: category.as_str(),
            name: words::category(visit.lang, *category),
            is_chosen: typed.category.value == category.as_str(),
        };
        Self {
            page: Frame::of(visit),
            form: fields::token(visit, FORM),
            topics: Category::ALL.iter().map(topic).collect(),
            typed,
            files,
            notice: None,
        }
    }

    /// The fields with faults, for the summary at the head.
    fn faults(&self) -> Vec<(&'static str, &'static str, &str)> {
        let w = self.page.w;
        let files = self.files.fault.as_deref().map(|fault| ("files", w.files, fault));
        self.typed.faults(w).into_iter().chain(files).collect()
    }
}

/// What the address may fill in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Prefill {
    subject: String,
}

/// `GET /{lang}/request`.
pub async fn show(visit: Visit, Query(prefill): Query<Prefill>) -> ApiResult<Response> {
    let value = prefill.subject.trim().chars().take(255).collect();
    let typed = Typed { subject: Field { value, fault: None }, ..Typed::default() };
    open(&RequestPage::of(&visit, typed, FilesField::default()))
}

/// `POST /{lang}/request`.
///
/// # Errors
/// A database fault.
pub async fn send(visit: Visit, request: Request) -> ApiResult<Response> {
    let w = words::words(visit.lang);
    let is_human = |fields: &Fields| {
        let age = fields.age(&visit, FORM);
        fields.get(TRAP).is_empty() && age.is_some_and(|age| age >= SOONEST)
    };
    let form = Form::read(&visit, &visit.anonymous(), request, is_human).await?;
    if !form.fields.get(TRAP).is_empty() {
        let faults = Faults::of(TRAP, "Website must be empty");
        return again(&visit, &form, StatusCode::BAD_REQUEST, &faults, None).await;
    }
    let body = match read(&form) {
        Ok(body) if form.files_are_sound() => body,
        Ok(_) => return again(&visit, &form, StatusCode::BAD_REQUEST, &Faults::new(), None).await,
        Err(faults) => return again(&visit, &form, StatusCode::BAD_REQUEST, &faults, None).await,
    };
    let notice = match form.fields.age(&visit, FORM) {
        None => Some(w.form_old),
        Some(age) if age < SOONEST => Some(w.form_fast),
        Some(_) => None,
    };
    if notice.is_some() {
        return again(&visit, &form, StatusCode::BAD_REQUEST, &Faults::new(), notice).await;
    }
    let app = &visit.app;
    let rule = RateRule {
        name: "anonymous_tickets",
        burst: app.settings.anonymous_tickets_per_minute,
        per: Duration::from_secs(60),
    };
    if app.limiter.check(&rule, &visit.address).await.is_err() {
        let (status, notice) = (StatusCode::TOO_MANY_REQUESTS, Some(w.too_often));
        return again(&visit, &form, status, &Faults::new(), notice).await;
    }
    match keep(&visit, &form, body).await? {
        Ok(answer) => Ok(answer.into_response()),
        Err(faults) => again(&visit, &form, StatusCode::BAD_REQUEST, &faults, None).await,
    }
}

/// The form once more, with what was typed and what is wrong.
async fn again(
    visit: &Visit,
    form: &Form,
    status: StatusCode,
    faults: &Faults,
    notice: Option<&'static str>,
) -> ApiResult<Response> {
    let files = form.files(visit, &visit.anonymous(), faults).await?;
    let typed = Typed::of(visit, &form.fields, faults);
    let page = RequestPage::of(visit, typed, files);
    private(status, &RequestPage { notice, page: Frame::of(visit).private(), ..page })
}

/// Reads the form by the rules of the API; a booking number may have its letters before it.
fn read(form: &Form) -> Result<CreateTicket, Faults> {
    let fields = &form.fields;
    let mut missing = Faults::new();
    for (name, sentence) in [
        ("customerName", "Customer name is required"),
        ("customerEmail", "Customer email is required"),
    ] {
        if fields.get(name).is_empty() {
            missing.add(name, sentence);
        }
    }
    let booking = fields.get(BOOKING);
    let digits = booking.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let fields = fields.with(BOOKING, if digits.is_empty() { booking } else { digits });
    let read = fields.read_with_files(&[&NAMES[..], &[BOOKING]].concat(), &form.uploads);
    match read {
        Ok(body) => missing.check(body),
        Err(mut faults) => {
            faults.merge(missing);
            Err(faults)
        }
    }
}

/// Stores the ticket, or answers as the first time where the form was sent before.
async fn keep(visit: &Visit, form: &Form, body: CreateTicket) -> ApiResult<Result<Answer, Faults>> {
    let (app, actor) = (&visit.app, visit.anonymous());
    let (key, hash) = form.key(&visit.path);
    let mut tx = app.db.begin().await?;
    if let Some(answer) = key.begin(&mut tx, app.clock.now(), &actor, &hash).await? {
        return Ok(Ok(answer));
    }
    let ticket = match store(&mut tx, app, &actor, body, Some(Channel::Web)).await {
        Ok(ticket) => ticket,
        Err(
            tickets::Error::Invalid(faults)
            | tickets::Error::Attachments(attachments::Error::Invalid(faults)),
        ) => return Ok(Err(faults)),
        Err(error) => return Err(error.into()),
    };
    let link = match app.settings.outlets.mail {
        Some(_) => None,
        None => Some(link_of(&mut tx, app, &ticket).await?),
    };
    let answer = Answer::go_on(sent_path(visit, &ticket, link.as_deref()));
    key.finish(&mut tx, &actor, &answer).await?;
    tx.commit().await?;
    Ok(Ok(answer))
}

/// What the confirmation shows; signed, so that nobody makes us confirm what never came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Confirmation {
    number: String,
    due: i64,
    /// The link to the ticket, where no mail can bring it.
    ticket: String,
    form: String,
}

impl Confirmation {
    fn signed(number: &str, due: i64, ticket: &str) -> String {
        format!("sent {number} {due} {ticket}")
    }
}

/// The link to the ticket for whoever sent the form. It opens this one ticket, which they wrote
/// themselves. The address that they gave may be somebody else's: the link speaks for a customer of this
/// ticket alone, at an address that nobody can have (RFC 2606), and never with a known customer's name.
async fn link_of(tx: &mut PgConnection, app: &App, ticket: &Ticket) -> ApiResult<String> {
    let (name, number) = (&ticket.customer_name, ticket.ticket_number.to_lowercase());
    let nobodys = format!("{number}@unverified.invalid");
    let customer = customer_for_service(tx, &*app.clock, None, name, &nobodys).await?;
    let ends = app.clock.now() + TICKET_LINK_LIFE;
    Ok(ticket_link_create(&app.keys, ticket.id, customer, ends))
}

fn sent_path(visit: &Visit, ticket: &Ticket, link: Option<&str>) -> String {
    let number = &ticket.ticket_number;
    let due = ticket.sla_due_at.map_or(0, |due| due.timestamp());
    let app = &visit.app;
    let link = link.unwrap_or_default();
    let signed = Confirmation::signed(number, due, link);
    let form = form_token_create(&app.keys, app.clock.now(), &signed);
    format!("/{}/request/sent?number={number}&due={due}&ticket={link}&form={form}", visit.lang)
}

#[derive(Template)]
#[template(path = "help_centre/sent.html")]
struct SentPage {
    page: Frame,
    number: String,
    due: Option<When>,
    link: Option<String>,
}

/// `GET /{lang}/request/sent`: it has arrived, under this number.
///
/// # Errors
/// 404 where we have not made this address.
pub async fn sent(visit: Visit, Query(shown): Query<Confirmation>) -> ApiResult<Response> {
    let app = &visit.app;
    let signed = Confirmation::signed(&shown.number, shown.due, &shown.ticket);
    if form_token_age(&app.keys, app.clock.now(), &signed, &shown.form).is_none() {
        return Err(Problem::not_found("This page"));
    }
    let page = Frame::of(&visit).private();
    let due: Option<DateTime<Utc>> = DateTime::from_timestamp(shown.due, 0);
    let due = due.filter(|due| *due > app.clock.now()).map(|due| page.moment(due));
    let link = Some(shown.ticket).filter(|token| !token.is_empty());
    let link = link.map(|token| format!("/{}/t/{token}", visit.lang));
    private(StatusCode::OK, &SentPage { page, number: shown.number, due, link })
}
