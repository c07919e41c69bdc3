//! Tickets: what a customer asks for, and everything that happens to it.

pub mod error;
pub mod http;
pub mod model;
mod repo;
pub mod service;
pub mod state;

pub use error::Error;
