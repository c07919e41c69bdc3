//! The calls of search.

pub mod query;
pub mod suggest;
