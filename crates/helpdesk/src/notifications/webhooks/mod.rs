//! Webhooks: who is called when something happens, signed by Standard Webhooks (docs/EVENTS.md).

pub mod error;
pub mod http;
pub mod model;
mod repo;
pub mod send;
pub mod service;

pub use error::Error;
