//! The calls of search.

pub mod articles;
pub mod query;
pub mod suggest;
