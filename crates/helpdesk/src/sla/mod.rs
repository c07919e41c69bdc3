//! Service level agreements: the clocks behind every deadline of a ticket.
//!
//! - [`model`]: the words of the clocks
//! - [`clock`]: one clock instance and what can happen to it
//! - [`history`]: the decision table: what a ticket's events do to its clocks
//! - [`policies`]: what is promised to which tickets

pub mod clock;
pub mod error;
pub mod history;
pub mod http;
pub mod jobs;
pub mod model;
pub mod policies;
mod repo;
pub mod service;
pub mod ticket;
pub mod timeline;

#[cfg(test)]
mod tests;
