//! The calls of the policies.

pub mod create;
pub mod delete;
pub mod list;
pub mod read;
pub mod update;
pub mod versions;
