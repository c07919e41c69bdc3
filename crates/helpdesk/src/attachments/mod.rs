//! Attachments: files that are uploaded, kept once for each content, and used by tickets, messages
//! and articles. Who may read one is decided where those are known (the knowledge slice).

pub mod error;
pub mod http;
mod images;
pub mod intake;
pub mod jobs;
pub mod model;
mod repo;
pub mod service;
mod sniff;
pub mod store;

pub use error::Error;
pub use store::Store;
