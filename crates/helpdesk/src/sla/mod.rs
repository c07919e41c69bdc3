//! Service level agreements: the clocks behind every deadline of a ticket.
//!
//! - [`model`]: the words of the clocks
//! - [`clock`]: one clock instance and what can happen to it
//! - [`terms`]: what a ticket is promised
//! - [`happening`]: what can happen to a ticket
//! - [`history`]: the decision table: what a ticket's events do to its clocks
//! - [`policies`]: what is promised to which tickets

pub mod clock;
pub mod error;
pub mod happening;
pub mod history;
pub mod http;
pub mod jobs;
pub mod message;
pub mod model;
pub mod policies;
mod repo;
pub mod service;
pub mod steps;
pub mod terms;
pub mod ticket;
pub mod timeline;

#[cfg(test)]
mod tests;
