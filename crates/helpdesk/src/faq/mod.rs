//! Frequently asked questions, by category, the most important first (docs/KNOWLEDGE.md).

mod error;
pub mod http;
pub mod model;
mod repo;
pub mod service;

pub use error::Error;
