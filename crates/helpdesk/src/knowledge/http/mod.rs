//! The calls of the knowledge slice.

pub mod create;
pub mod delete;
pub mod input;
pub mod list;
pub mod publish;
pub mod read;
pub mod search;
pub mod short;
pub mod stats;
pub mod update;
pub mod vote;
