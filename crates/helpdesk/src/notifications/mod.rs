//! Notifications: what leaves the desk, to whom, when, and whether it arrived (docs/NOTIFICATIONS.md).

pub mod deliveries;
pub mod error;
pub mod model;
mod repo;

pub use error::Error;
