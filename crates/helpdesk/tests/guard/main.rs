//! Guards of the house: each test fails with a sentence that says what to do. They read the sources,
//! the manifests, the documents and the migrations as text, the OpenAPI document as it is served,
//! and call the product over HTTP.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authorisation;
mod boundaries;
mod documents;
mod events;
mod migrations;
mod openapi;
mod operations;
mod ranges;
mod routes;
mod size;
mod source;
mod wording;
