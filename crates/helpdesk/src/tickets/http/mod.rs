//! The calls of the tickets slice, one file each.

pub mod access_link;
pub mod assign;
pub mod assignment;
pub mod close;
pub mod create;
pub mod delete;
pub mod events;
pub mod list;
pub mod merge;
pub mod read;
pub mod reopen;
pub mod snooze;
pub mod split;
pub mod ticket_path;
pub mod unmerge;
pub mod unsnooze;
pub mod update;
