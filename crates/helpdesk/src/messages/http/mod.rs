//! The calls of the messages slice, one file each.

pub mod create;
pub mod list;
pub mod rate;
