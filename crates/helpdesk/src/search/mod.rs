//! One search over articles and questions for everybody, and over tickets, messages and customers too
//! for those who may read them. It may read any table and writes only its own (docs/SEARCH.md).

pub mod distance;
pub mod error;
pub mod http;
pub mod identifiers;
pub mod jobs;
pub mod keyboard;
pub mod ladder;
pub mod model;
pub mod query;
pub mod rank;
mod repo;
pub mod service;
pub mod snippet;
pub mod translit;

pub use error::Error;
