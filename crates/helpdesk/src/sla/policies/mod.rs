//! Policies: what is promised to which tickets, in versions that never change.

pub mod error;
pub mod http;
pub mod input;
pub mod model;
mod repo;
pub mod service;
mod steps;
pub mod view;

pub use error::Error;
