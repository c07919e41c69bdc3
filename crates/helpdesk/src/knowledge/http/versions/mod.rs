//! The calls of versions.

pub mod diff;
pub mod list;
pub mod read;
pub mod restore;
