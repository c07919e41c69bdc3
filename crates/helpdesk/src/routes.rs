//! Every route of the product, in one list.

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::identity::http as identity;
use crate::openapi::Document;
use crate::operations::http as operations;

/// Every route, with its part of the OpenAPI document.
pub fn all() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi()).merge(operations()).merge(identity())
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
