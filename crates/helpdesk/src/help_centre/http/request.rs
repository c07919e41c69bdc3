//! The form by which anybody asks for help, and the page that says that it has arrived.

use std::time::Duration;

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use kamhub_cache::RateRule;
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::Faults;
use serde::Deserialize;

use super::fields::{self, Fields};
use super::page::{Frame, go_on, private};
use super::visit::Visit;
use crate::category::Category;
use crate::help_centre::dates::When;
use crate::help_centre::words;
use crate::identity::service::{form_token_age, form_token_create};
use crate::tickets;
use crate::tickets::http::create::CreateTicket;
use crate::tickets::model::{Channel, Ticket};
use crate::tickets::service::create::{self, Request};

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

    /// The fields with faults: their ids and what is wrong.
    fn faults(&self) -> Vec<(&'static str, &str)> {
        let fields = [
            ("subject", &self.subject),
            ("description", &self.description),
            ("category", &self.category),
            ("name", &self.name),
            ("email", &self.email),
            ("booking", &self.booking),
            ("website", &self.trap),
        ];
        let wrong =
            fields.into_iter().filter_map(|(id, field)| Some((id, field.fault.as_deref()?)));
        wrong.collect()
    }
}

#[derive(Template)]
#[template(path = "help_centre/request.html")]
struct RequestPage {
    page: Frame,
    form: String,
    typed: Typed,
    notice: Option<&'static str>,
    topics: Vec<Topic>,
}

struct Topic {
    value: &'static str,
    name: &'static str,
    is_chosen: bool,
}

impl RequestPage {
    fn of(visit: &Visit, typed: Typed, notice: Option<&'static str>) -> Self {
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
            notice,
        }
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
    private(StatusCode::OK, &RequestPage::of(&visit, typed, None))
}

/// `POST /{lang}/request`.
///
/// # Errors
/// A database fault.
pub async fn send(visit: Visit, fields: Fields) -> ApiResult<Response> {
    let w = words::words(visit.lang);
    let again = |status, faults: &Faults, notice| {
        private(status, &RequestPage::of(&visit, Typed::of(&visit, &fields, faults), notice))
    };
    if !fields.get(TRAP).is_empty() {
        let faults = Faults::of(TRAP, "Website must be empty");
        return again(StatusCode::BAD_REQUEST, &faults, None);
    }
    let body = match read(&fields) {
        Ok(body) => body,
        Err(faults) => return again(StatusCode::BAD_REQUEST, &faults, None),
    };
    let notice = match fields.age(&visit, FORM) {
        None => Some(w.form_old),
        Some(age) if age < SOONEST => Some(w.form_fast),
        Some(_) => None,
    };
    if notice.is_some() {
        return again(StatusCode::BAD_REQUEST, &Faults::new(), notice);
    }
    let app = &visit.app;
    let rule = RateRule {
        name: "anonymous_tickets",
        burst: app.settings.anonymous_tickets_per_minute,
        per: Duration::from_secs(60),
    };
    if app.limiter.check(&rule, &visit.address).await.is_err() {
        return again(StatusCode::TOO_MANY_REQUESTS, &Faults::new(), Some(w.too_often));
    }
    match store(&visit, body).await {
        Ok(ticket) => go_on(&sent_path(&visit, &ticket)),
        Err(tickets::Error::Invalid(faults)) => again(StatusCode::BAD_REQUEST, &faults, None),
        Err(error) => Err(error.into()),
    }
}

/// Reads the form by the rules of the API; a booking number may have its letters before it.
fn read(fields: &Fields) -> Result<CreateTicket, Faults> {
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
    let read = fields.read(&[&NAMES[..], &[BOOKING]].concat());
    match read {
        Ok(body) => missing.check(body),
        Err(mut faults) => {
            faults.merge(missing);
            Err(faults)
        }
    }
}

async fn store(visit: &Visit, body: CreateTicket) -> Result<Ticket, tickets::Error> {
    let app = &visit.app;
    let request = Request { channel: Some(Channel::Web), ..body.into() };
    let mut tx = app.db.begin().await?;
    let ticket = create::create(&mut tx, &*app.clock, &visit.anonymous(), request).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// What the confirmation shows; signed, so that nobody makes us confirm what never came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Confirmation {
    number: String,
    due: i64,
    form: String,
}

impl Confirmation {
    fn signed(number: &str, due: i64) -> String {
        format!("sent {number} {due}")
    }
}

fn sent_path(visit: &Visit, ticket: &Ticket) -> String {
    let number = &ticket.ticket_number;
    let due = ticket.sla_due_at.map_or(0, |due| due.timestamp());
    let app = &visit.app;
    let form = form_token_create(&app.keys, app.clock.now(), &Confirmation::signed(number, due));
    format!("/{}/request/sent?number={number}&due={due}&form={form}", visit.lang)
}

#[derive(Template)]
#[template(path = "help_centre/sent.html")]
struct SentPage {
    page: Frame,
    number: String,
    due: Option<When>,
}

/// `GET /{lang}/request/sent`: it has arrived, under this number.
///
/// # Errors
/// 404 where we have not made this address.
pub async fn sent(visit: Visit, Query(shown): Query<Confirmation>) -> ApiResult<Response> {
    let app = &visit.app;
    let signed = Confirmation::signed(&shown.number, shown.due);
    if form_token_age(&app.keys, app.clock.now(), &signed, &shown.form).is_none() {
        return Err(Problem::not_found("This page"));
    }
    let page = Frame::of(&visit).private();
    let due: Option<DateTime<Utc>> = DateTime::from_timestamp(shown.due, 0);
    let due = due.filter(|due| *due > app.clock.now()).map(|due| page.moment(due));
    private(StatusCode::OK, &SentPage { page, number: shown.number, due })
}
