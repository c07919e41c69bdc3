//! Every route of the product, in one list.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use utoipa::OpenApi as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::agents::http as agents;
use crate::app::App;
use crate::attachments::http as attachments;
use crate::calendars::http as calendars;
use crate::faq::http as faqs;
use crate::feedback::http as feedback;
use crate::help_centre::http as pages;
use crate::identity::http as identity;
use crate::knowledge::http as knowledge;
use crate::messages::http as messages;
use crate::notifications::http as notifications;
use crate::notifications::webhooks::http as webhooks;
use crate::openapi::Document;
use crate::operations::http as operations;
use crate::reports::http as reports;
use crate::reports::runs::http as runs;
use crate::search::http as search;
use crate::sla::http as sla;
use crate::sla::policies::http as policies;
use crate::tickets::http as tickets;

/// Where files come in: such a call takes as long as its sender's connection needs.
pub const UPLOADS: &[&str] = &[
    "/api/support/attachments",
    "/ru/request",
    "/en/request",
    "/ru/t/{token}/reply",
    "/en/t/{token}/reply",
];

/// Every route, with its part of the OpenAPI document.
pub fn all() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(operations())
        .merge(identity())
        .merge(agents())
        .merge(calendars())
        .merge(policies())
        .merge(tickets())
        .merge(messages())
        .merge(search())
        .merge(notifications())
        .merge(webhooks())
        .merge(feedback())
        .merge(sla())
        .merge(knowledge())
        .merge(attachments())
}

fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(operations::health::handler))
        .routes(routes!(operations::health::api_handler))
        .routes(routes!(operations::live::handler))
        .routes(routes!(operations::ready::handler))
        .routes(routes!(operations::metrics::handler))
        .routes(routes!(operations::dead_letters::list))
        .routes(routes!(operations::dead_letters::replay))
        .routes(routes!(operations::replay_range::handler))
}

fn identity() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(identity::me::handler))
        .routes(routes!(identity::sign_in::handler))
        .routes(routes!(identity::sign_out::handler))
        .routes(routes!(identity::session_list::handler))
        .routes(routes!(identity::session_revoke::handler))
        .routes(routes!(identity::password_change::handler))
        .routes(routes!(identity::token_create::handler))
        .routes(routes!(identity::token_refresh::handler))
        .routes(routes!(identity::token_revoke::handler))
        .routes(routes!(identity::user_list::handler, identity::user_create::handler))
        .routes(routes!(identity::user_read::handler, identity::user_update::handler))
        .routes(routes!(identity::api_key_list::handler, identity::api_key_create::handler))
        .routes(routes!(identity::api_key_revoke::handler))
}

fn agents() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(agents::list::handler, agents::create::handler))
        .routes(routes!(agents::read::handler, agents::update::handler))
        .routes(routes!(agents::status::handler))
        .routes(routes!(reports::agent_metrics::handler))
}

fn calendars() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(calendars::list::handler, calendars::create::handler))
        .routes(routes!(calendars::preview::handler))
        .routes(routes!(
            calendars::read::handler,
            calendars::update::handler,
            calendars::archive::handler
        ))
        .routes(routes!(calendars::versions::handler))
}

fn policies() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(policies::list::handler, policies::create::handler))
        .routes(routes!(
            policies::read::handler,
            policies::update::handler,
            policies::update::put,
            policies::delete::handler
        ))
        .routes(routes!(policies::versions::handler))
        .routes(routes!(reports::compliance::handler))
        .routes(routes!(runs::reevaluate::handler))
        .routes(routes!(runs::simulate::handler))
        .routes(routes!(runs::read::handler))
}

fn tickets() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tickets::create::handler, tickets::list::handler))
        .routes(routes!(
            tickets::read::handler,
            tickets::update::handler,
            tickets::update::put,
            tickets::delete::handler
        ))
        .routes(routes!(tickets::close::handler))
        .routes(routes!(tickets::reopen::handler))
        .routes(routes!(tickets::assign::handler))
        .routes(routes!(tickets::assignment::handler))
        .routes(routes!(tickets::events::handler))
        .routes(routes!(tickets::access_link::handler))
        .routes(routes!(tickets::merge::handler))
        .routes(routes!(tickets::unmerge::handler))
        .routes(routes!(tickets::split::handler))
        .routes(routes!(tickets::snooze::handler, tickets::unsnooze::handler))
}

fn search() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(search::query::handler))
        .routes(routes!(search::suggest::handler))
}

fn messages() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(messages::list::handler, messages::create::handler))
        .routes(routes!(messages::rate::handler))
}

fn feedback() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(feedback::list::handler, feedback::create::handler))
        .routes(routes!(feedback::by_link::handler))
        .routes(routes!(feedback::metrics::handler))
        .routes(routes!(feedback::surveys::handler))
        .routes(routes!(feedback::follow_ups::list))
        .routes(routes!(feedback::follow_ups::done))
}

fn webhooks() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(webhooks::list::handler, webhooks::create::handler))
        .routes(routes!(
            webhooks::read::handler,
            webhooks::update::handler,
            webhooks::delete::handler
        ))
        .routes(routes!(webhooks::rotate_secret::handler))
        .routes(routes!(webhooks::test::handler))
        .routes(routes!(webhooks::deliveries::handler))
        .routes(routes!(webhooks::delivery_replay::handler))
        .routes(routes!(webhooks::replay::handler))
}

fn notifications() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notifications::list::handler))
        .routes(routes!(notifications::unread::handler))
        .routes(routes!(notifications::read::handler))
        .routes(routes!(notifications::read_all::handler))
        .routes(routes!(notifications::preferences::read, notifications::preferences::replace))
}

fn sla() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sla::check::handler))
        .routes(routes!(sla::violation_list::handler))
        .routes(routes!(sla::violations_of_ticket::handler))
        .routes(routes!(sla::acknowledge::handler))
        .routes(routes!(sla::explain::handler))
}

/// The customers' pages: no calls of programs, and not in the OpenAPI document. Who may see what is
/// decided by the services, with the actor of the page's link.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/", get(pages::home::choose))
        .route("/t/{token}", get(pages::ticket::enter))
        .route("/rate", get(pages::opinion::enter))
        .route("/my/{token}", get(pages::my_requests::enter))
        .route("/robots.txt", get(pages::robots::handler))
        .route("/sitemap.xml", get(pages::sitemap::handler))
        .route("/static/{hash}/{*name}", get(pages::assets::serve))
        .nest("/ru", pages_in_a_language())
        .nest("/en", pages_in_a_language())
}

/// The limit of the forms that may bring files.
fn with_files() -> DefaultBodyLimit {
    DefaultBodyLimit::max(pages::form::LARGEST)
}

fn pages_in_a_language() -> Router<App> {
    Router::new()
        .route("/", get(pages::home::show))
        .route("/search", get(pages::search::show))
        .route("/faq", get(pages::faq::show))
        .route("/faq/{id}", get(pages::faq::one))
        .route("/faq/{id}/seen", post(pages::faq::seen))
        .route("/suggest", get(pages::search::beside))
        .route("/complete", get(pages::search::complete))
        .route("/categories/{name}", get(pages::category::show))
        .route("/articles/{slug}", get(pages::article::show))
        .route("/articles/{slug}/vote", post(pages::article::vote))
        .route("/request", get(pages::request::show).post(pages::request::send).layer(with_files()))
        .route("/request/sent", get(pages::request::sent))
        .route("/rate", get(pages::opinion::show).post(pages::opinion::send))
        .route("/requests", get(pages::my_requests::show).post(pages::my_requests::send))
        .route("/requests/sent", get(pages::my_requests::sent))
        .route("/my/{token}", get(pages::my_requests::list))
        .route("/t/{token}", get(pages::ticket::show))
        .route("/t/{token}/reply", post(pages::ticket::reply::handler).layer(with_files()))
        .route("/t/{token}/files/{id}", get(pages::ticket::file::handler))
        .route("/t/{token}/close", post(pages::ticket::step::close))
        .route("/t/{token}/reopen", post(pages::ticket::step::reopen))
        .route("/t/{token}/messages/{id}/rating", post(pages::ticket::rate::handler))
}

fn knowledge() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(knowledge::list::handler, knowledge::create::handler))
        .routes(routes!(search::articles::handler))
        .routes(routes!(
            knowledge::read::handler,
            knowledge::update::handler,
            knowledge::delete::handler
        ))
        .routes(routes!(knowledge::publish::handler))
        .routes(routes!(knowledge::publish::unpublish))
        .routes(routes!(knowledge::vote::helpful))
        .routes(routes!(knowledge::vote::unhelpful))
        .routes(routes!(knowledge::stats::handler))
        .routes(routes!(
            knowledge::short::read::handler,
            knowledge::short::update::handler,
            knowledge::short::delete::handler
        ))
        .routes(routes!(knowledge::short::publish::publish))
        .routes(routes!(knowledge::short::publish::unpublish))
        .routes(routes!(knowledge::short::vote::helpful))
        .routes(routes!(knowledge::short::vote::unhelpful))
        .routes(routes!(knowledge::short::stats::handler))
        .routes(routes!(knowledge::related::handler))
        .routes(routes!(knowledge::versions::list::handler))
        .routes(routes!(knowledge::versions::read::handler))
        .routes(routes!(knowledge::versions::diff::handler))
        .routes(routes!(knowledge::versions::restore::handler))
        .routes(routes!(knowledge::draft::discard))
        .routes(routes!(knowledge::translations::put, knowledge::translations::delete))
        .routes(routes!(
            knowledge::categories::list::handler,
            knowledge::categories::create::handler
        ))
        .routes(routes!(
            knowledge::categories::update::handler,
            knowledge::categories::delete::handler
        ))
        .routes(routes!(knowledge::reports::unhelpful))
        .routes(routes!(knowledge::reports::missed_searches))
        .routes(routes!(faqs::list::handler, faqs::create::handler))
        .routes(routes!(faqs::read::handler, faqs::update::handler, faqs::delete::handler))
}

fn attachments() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        // It counts itself, and lets through more than other calls.
        .routes(routes!(attachments::upload::handler).layer(DefaultBodyLimit::disable()))
        .routes(routes!(knowledge::files::read::handler))
        .routes(routes!(knowledge::files::link::handler))
        .routes(routes!(knowledge::files::add::handler))
        .routes(routes!(knowledge::files::remove::handler))
}
