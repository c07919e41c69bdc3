//! Messages: what is written in a ticket, by whom, and what the customer thinks of it.

pub mod error;
pub mod http;
pub mod model;
mod repo;
pub mod service;

pub use error::Error;
