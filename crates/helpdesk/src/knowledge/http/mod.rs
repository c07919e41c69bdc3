//! The calls of the knowledge slice.

pub mod categories;
pub mod create;
pub mod delete;
pub mod draft;
pub mod files;
pub mod input;
pub mod list;
pub mod publish;
pub mod read;
pub mod related;
pub mod reports;
pub mod short;
pub mod stats;
pub mod translations;
pub mod update;
pub mod versions;
pub mod vote;
