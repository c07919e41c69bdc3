//! The calls of the messages slice, one file each.

pub mod attachment;
pub mod attachment_link;
pub mod create;
pub mod list;
pub mod rate;
