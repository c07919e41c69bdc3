//! The OpenAPI document: what the handlers say of themselves, completed with what holds for all of
//! them: security by the table of [`crate::access`], the errors that each kind of call can meet,
//! and the request's headers.

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi as Spec, Ref, RefOr, ResponseBuilder};

use crate::access::{self, Access};
use crate::app::App;
use crate::notifications::bus::asyncapi;

/// The document's frame.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "KamHub Support",
        description = "Tickets, messages and agents of a support desk, and who may reach them. \
            Every answer under /api/support has the envelope `{\"success\", \"data\"}`; every failure \
            `{\"success\": false, \"code\", \"message\", \"errors\", \"requestId\"}` with a stable code.",
        license(name = "AGPL-3.0-or-later", identifier = "AGPL-3.0-or-later"),
        contact(name = "KamHub Support", url = "https://github.com/kamhub/support"),
    ),
    servers((url = "/", description = "This server")),
    components(schemas(
        kamhub_httpkit::ErrorBody,
        // Ids that stand in paths only are in no body that would bring them in.
        crate::ids::DeadLetterId,
        crate::ids::InboxEntryId,
    )),
    tags(
        (name = "tickets", description = "Requests of customers"),
        (name = "messages", description = "What is written in tickets"),
        (name = "knowledge", description = "Articles, questions and their categories"),
        (name = "agents", description = "Who works on tickets"),
        (name = "attachments", description = "Files of tickets and messages"),
        (name = "feedback", description = "What customers think of the desk"),
        (name = "calendars", description = "When work is done: what deadlines count by"),
        (name = "sla", description = "What is promised, and whether it is kept"),
        (name = "search", description = "One search over everything the caller may read"),
        (name = "identity", description = "Sign-in, users and API keys"),
        (name = "notifications", description = "What people are told, and what became of it"),
        (name = "webhooks", description = "Who is called when something happens"),
        (name = "operations", description = "Health and metrics"),
    ),
)]
pub struct Document;

/// Completes the document that the routes have collected.
pub fn finish(mut document: Spec) -> Spec {
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            bearer
                .description(Some("From POST /api/auth/token, or minted by the platform"))
                .build(),
        ),
    );
    components.add_security_scheme(
        "apiKey",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            "X-API-Key",
            "From `kamhub api-key create` or POST /api/support/api-keys",
        ))),
    );
    let link =
        "A ticket's link, from POST /api/support/tickets/{id}/access-link: it opens that ticket";
    for (name, value) in [
        ("ticketLink", ApiKey::Header(ApiKeyValue::with_description("X-Ticket-Access", link))),
        ("ticketLinkInQuery", ApiKey::Query(ApiKeyValue::with_description("access", link))),
    ] {
        components.add_security_scheme(name, SecurityScheme::ApiKey(value));
    }
    for schema in components.schemas.values_mut() {
        forget_defaults(schema);
    }
    for (path, item) in &mut document.paths.paths {
        let methods =
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for (place, operation) in methods.into_iter().enumerate() {
            if let Some(operation) = operation {
                // GET stands first.
                complete(path, place == 0, operation);
            }
        }
    }
    document
}

/// Request types are read with empty defaults so that all faults are found together; these are no
/// defaults for callers.
fn forget_defaults(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    for property in object.properties.values_mut() {
        match property {
            RefOr::T(Schema::Object(inner)) => inner.default = None,
            RefOr::T(Schema::Array(inner)) => inner.default = None,
            RefOr::T(Schema::OneOf(inner)) => inner.default = None,
            _ => {}
        }
    }
}

/// The finished document of every route, as `kamhub openapi` prints it.
pub fn document() -> Spec {
    finish(crate::routes::all().into_openapi())
}

fn complete(path: &str, reads: bool, operation: &mut Operation) {
    let name = operation.operation_id.clone().unwrap_or_default();
    let Some(access) = access::of(&name) else { return };
    secure(access, operation);
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content {
                forget_null(&mut content.schema);
            }
        }
    }
    let mut codes = vec![
        (429, "Too many requests; see Retry-After"),
        (500, "A fault on our side"),
        (503, "The database is away, or the house is full; see Retry-After"),
    ];
    if access == Access::Open {
        codes.retain(|(code, _)| *code == 500);
    } else {
        codes.push((401, "Credentials are missing or wrong"));
        codes.push((400, "Some fields are not valid"));
    }
    match access {
        Access::Open | Access::SignIn => {}
        Access::Public if reads => {}
        Access::Public => {
            codes.push((
                403,
                "CSRF_REJECTED: a browser's session without proof of where the call comes from",
            ));
        }
        _ => codes.push((403, "The credentials do not carry the right")),
    }
    if path.contains("{id}") {
        codes.push((404, "There is no such thing, or not for this caller"));
    }
    if operation.request_body.is_some() {
        codes.push((413, "The body is larger than 1 MiB"));
        codes.push((415, "The body is not application/json"));
    }
    let has_header = |wanted: &str| {
        operation.parameters.iter().flatten().any(|parameter| {
            let RefOr::T(parameter) = parameter else { return false };
            matches!(parameter.parameter_in, ParameterIn::Header)
                && parameter.name.eq_ignore_ascii_case(wanted)
        })
    };
    if has_header("Idempotency-Key") {
        codes.push((422, "The Idempotency-Key was used for another request"));
    }
    if has_header("If-Match") {
        codes.push((409, "The object has changed since; see current"));
    }
    document_errors(operation, &codes);
}

/// Which credentials the call takes: one of them, or none where it is open to everybody.
fn secure(access: Access, operation: &mut Operation) {
    let links = ["ticketLink", "ticketLinkInQuery"];
    let (names, optional) = match access {
        Access::Open | Access::SignIn => return,
        Access::Staff(_) | Access::Person => (&[][..], false),
        Access::SignedIn | Access::StaffOrCustomer(_) => (&links[..], false),
        Access::Anyone(_) | Access::Public => (&links[..], true),
    };
    let names = ["bearer", "apiKey"].iter().chain(names);
    let mut security: Vec<_> =
        names.map(|name| SecurityRequirement::new(*name, Vec::<String>::new())).collect();
    if optional {
        security.push(SecurityRequirement::default());
    }
    operation.security = Some(security);
}

/// A body that may be left out is an object where it is there, and never null.
fn forget_null(schema: &mut Option<RefOr<Schema>>) {
    let Some(RefOr::T(Schema::OneOf(ways))) = schema else { return };
    let only = ways.items.iter().find(|way| matches!(way, RefOr::Ref(_))).cloned();
    let or_null = ways.items.iter().any(|way| match way {
        RefOr::T(Schema::Object(object)) => object.schema_type == SchemaType::from(Type::Null),
        _ => false,
    });
    if or_null && only.is_some() {
        *schema = only;
    }
}

/// Adds the errors that the handler has not described itself, each with the error envelope.
fn document_errors(operation: &mut Operation, codes: &[(u16, &str)]) {
    for (code, description) in codes {
        operation.responses.responses.entry(code.to_string()).or_insert_with(|| {
            let content = ContentBuilder::new()
                .schema(Some(RefOr::Ref(Ref::from_schema_name("ErrorBody"))))
                .build();
            RefOr::T(
                ResponseBuilder::new()
                    .description(*description)
                    .content("application/json", content)
                    .build(),
            )
        });
    }
}

/// `/api-docs.json` and the Swagger UI at `/api-docs`, and `/asyncapi.json` of the events, all
/// from the binary itself.
pub fn pages(document: Spec) -> Router<App> {
    let json = serde_json::to_string(&document).unwrap_or_default();
    let events = serde_json::to_string(&asyncapi::document()).unwrap_or_default();
    let answer = |json: String| {
        let json_type = [(axum::http::header::CONTENT_TYPE, "application/json")];
        move || async move { (json_type, json).into_response() }
    };
    let ui = utoipa_swagger_ui::SwaggerUi::new("/api-docs")
        .config(utoipa_swagger_ui::Config::from("/api-docs.json"));
    Router::new()
        .route("/api-docs.json", get(answer(json)))
        .route("/asyncapi.json", get(answer(events)))
        .merge(ui)
}
