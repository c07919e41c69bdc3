//! Runs over many tickets, in the background and with progress: a re-evaluation by the policies in
//! force, a simulation of draft ones. Each is worked on in batches; a batch and what is kept of it are
//! one transaction, so that a run goes on where it was stopped.

pub mod error;
pub mod http;
pub mod jobs;
pub mod model;
pub mod replay;
mod repo;
pub mod service;

pub use error::Error;
