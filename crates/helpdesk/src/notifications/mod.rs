//! Notifications: what leaves the desk, to whom, when, and whether it arrived (docs/NOTIFICATIONS.md).

pub mod bus;
mod channels;
pub mod deliveries;
pub mod error;
mod failures;
pub mod http;
pub mod jobs;
pub mod letters;
pub mod model;
pub mod notices;
pub mod people;
mod repo;
pub mod rules;
pub mod service;
pub mod webhooks;

pub use error::Error;
