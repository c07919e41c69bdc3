//! The knowledge base: articles in several languages, their versions, votes and views
//! (docs/KNOWLEDGE.md).

mod error;
pub mod http;
pub mod jobs;
pub mod markdown;
pub mod model;
mod repo;
pub mod service;
pub mod slug;
pub mod view;
pub mod views;
pub mod visitor;

pub use error::Error;
