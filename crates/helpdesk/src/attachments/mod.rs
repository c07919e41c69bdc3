//! Attachments: files that are uploaded, kept once for each content, and used by tickets and
//! messages. Who may read one is decided where the ticket is known (the messages slice).

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
