//! Operating the product: health, metrics, dead letters.

pub mod error;
pub mod http;
pub mod metrics;
pub mod model;
mod repo;
pub mod service;

pub use model::Lifecycle;
