//! One ticket, for whoever has its signed link.

mod conversation;
pub mod file;
pub mod rate;
pub mod reply;
mod show;
pub mod state;
pub mod step;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kamhub_cache::RateRule;
use kamhub_httpkit::{ApiResult, request};
use kamhub_kernel::Actor;
use serde::Deserialize;

use super::page::{go_on, plain};
use super::visit::{OfMail, Visit, preferred};
use crate::app::App;
use crate::identity;
use crate::identity::service::{LinkPurpose, TICKET_LINK_LIFE, TicketLink};
use crate::ids::{CustomerId, TicketId};
use show::{Notice, Shown};

/// Messages and ratings that one customer may send at once, and in which time they grow back.
const SENDING: RateRule =
    RateRule { name: "help_centre_messages", burst: 20, per: std::time::Duration::from_secs(300) };

/// A link that opens a ticket.
pub struct Opened {
    /// Whoever has the link.
    pub actor: Actor,
    /// The customer whom it was made for.
    pub customer: CustomerId,
    /// The ticket.
    pub ticket: TicketId,
    /// The secret of the link.
    pub token: String,
}

impl Opened {
    /// Opens a ticket with a link.
    ///
    /// # Errors
    /// 401 where the link is not ours or has ended.
    pub async fn with(visit: &Visit, token: String) -> ApiResult<Self> {
        let app = &visit.app;
        let link = identity::service::ticket_link_verify(&app.keys, app.clock.now(), &token)?;
        let mut connection = app.db.connection().await?;
        let actor = identity::service::customer_by_link(&mut connection, link).await?;
        request::set_actor(actor.label());
        Ok(Self { actor, customer: link.customer, ticket: link.ticket, token })
    }

    /// The page of the ticket.
    pub fn path(&self, visit: &Visit) -> String {
        format!("/{}/t/{}", visit.lang, self.token)
    }

    /// The name of its forms: they are good on this page only.
    pub fn form(&self) -> String {
        format!("ticket {} {}", self.ticket, self.customer)
    }

    /// A link to another ticket for the same customer.
    pub fn path_to(&self, visit: &Visit, ticket: TicketId) -> String {
        let ends = visit.app.clock.now() + TICKET_LINK_LIFE;
        let keys = &visit.app.keys;
        let token = identity::service::ticket_link_create(keys, ticket, self.customer, ends);
        format!("/{}/t/{token}", visit.lang)
    }

    /// Where the customer says how the whole was handled.
    pub fn path_to_opinion(&self, visit: &Visit) -> String {
        let link = TicketLink { ticket: self.ticket, customer: self.customer };
        let ends = visit.app.clock.now() + TICKET_LINK_LIFE;
        let token =
            identity::service::link_create(&visit.app.keys, LinkPurpose::Feedback, link, ends);
        format!("/{}/rate?token={token}", visit.lang)
    }

    /// Whether the customer sends too much.
    pub async fn is_too_often(&self, visit: &Visit) -> bool {
        visit.app.limiter.check(&SENDING, &self.customer.to_string()).await.is_err()
    }
}

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// What was just done.
    done: String,
    /// Whether the whole conversation is wanted.
    all: Option<String>,
}

/// `GET /t/{token}`: the address that is sent to customers; the page in their language.
pub async fn enter(
    State(app): State<App>,
    headers: HeaderMap,
    Path(token): Path<String>,
    Query(mail): Query<OfMail>,
) -> ApiResult<Response> {
    let lang = preferred(&app, &headers, mail.language());
    go_on(&format!("/{lang}/t/{}", plain(&token)?))
}

/// `GET /{lang}/t/{token}`.
pub async fn show(
    visit: Visit,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> ApiResult<Response> {
    let opened = Opened::with(&visit, token).await?;
    let shown =
        Shown { whole: asked.all.is_some(), notice: Notice::of(&asked.done), ..Shown::default() };
    show::page(&visit, &opened, StatusCode::OK, shown).await
}
