//! Files: those of articles, and reading any.

pub mod add;
pub mod link;
pub mod read;
pub mod remove;
