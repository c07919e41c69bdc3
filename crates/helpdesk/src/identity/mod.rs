//! Who is calling: users, sessions, API keys, customers' tokens and links.

pub mod error;
pub mod form;
pub mod http;
pub mod keys;
pub mod link;
pub mod model;
pub mod password;
mod repo;
pub mod service;
pub mod token;

pub use error::Error;
