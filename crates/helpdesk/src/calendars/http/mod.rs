//! The calls of the calendars slice.

pub mod archive;
pub mod create;
pub mod list;
pub mod preview;
pub mod read;
pub mod update;
pub mod versions;
