//! Who is calling: users, sessions, API keys, customers' tokens and links.

pub mod error;
pub mod http;
pub mod keys;
pub mod model;
mod repo;
pub mod service;

pub use error::Error;
