//! Tickets: what a customer asks for, and everything that happens to it.

pub mod error;
pub mod http;
pub mod model;
pub mod query;
mod repo;
pub mod service;
pub mod state;
pub mod view;

pub use error::Error;
