//! The calls of the policies.

pub mod create;
pub mod delete;
pub mod input;
pub mod list;
pub mod read;
pub mod steps;
pub mod update;
pub mod versions;
