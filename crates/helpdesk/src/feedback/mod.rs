//! Feedback: what customers think of how a ticket was handled, surveys about the desk as a whole,
//! the figures that follow from both, and tasks for the supervisor where somebody asks for more.

pub mod error;
pub mod figures;
pub mod http;
pub mod model;
mod repo;
pub mod service;

pub use error::Error;
