//! The calls of the faq slice.

pub mod create;
pub mod delete;
pub mod list;
pub mod read;
pub mod update;
