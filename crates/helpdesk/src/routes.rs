//! Every route of the product, in one list.

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::agents::http as agents;
use crate::app::App;
use crate::identity::http as identity;
use crate::openapi::Document;
use crate::operations::http as operations;
use crate::reports::http as reports;
use crate::tickets::http as tickets;

/// Every route, with its part of the OpenAPI document.
pub fn all() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(operations())
        .merge(identity())
        .merge(agents())
        .merge(tickets())
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
}

fn identity() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(identity::me::handler))
}

fn agents() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(agents::list::handler, agents::create::handler))
        .routes(routes!(agents::read::handler, agents::update::handler))
        .routes(routes!(agents::status::handler))
        .routes(routes!(reports::agent_metrics::handler))
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
}
