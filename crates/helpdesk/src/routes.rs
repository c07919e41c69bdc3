//! Every route of the product, in one list.

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::identity::http as identity;
use crate::openapi::Document;

/// Every route, with its part of the OpenAPI document.
pub fn all() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi()).merge(identity())
}

fn identity() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(identity::me::handler))
}
