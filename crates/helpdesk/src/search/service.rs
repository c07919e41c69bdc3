//! Use cases of search.

mod answer;
mod desk;
pub mod find;
pub mod learn;
mod reading;
pub mod suggest;
