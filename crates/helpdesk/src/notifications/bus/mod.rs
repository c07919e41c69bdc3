//! The event bus: how the rest of the platform learns of what happened here (docs/EVENTS.md).
//!
//! An event is written to the outbox in the transaction of its cause ([`crate::events`]). Here it gets
//! its place in one order over all events, and consumers read on from the place they remember: one
//! expands events into deliveries, one copies them to a Redis stream.

pub mod asyncapi;
pub mod catalogue;
pub mod examples;
pub mod model;
pub mod payloads;
mod repo;
pub mod run;
pub mod service;
