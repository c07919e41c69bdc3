//! Agents: who works on tickets, when, on what, and how much of it. Assignment stands on the load
//! ledger of this slice: see [`ledger`].

pub mod decision;
pub mod error;
pub mod http;
pub mod ledger;
pub mod model;
mod repo;
pub mod service;

pub use error::Error;
