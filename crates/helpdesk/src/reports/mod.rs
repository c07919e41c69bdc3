//! Figures over everything the desk has done. Reports may read any table and write none but their
//! own.

pub mod error;
pub mod http;
mod repo;
pub mod runs;
pub mod service;

pub use error::Error;
