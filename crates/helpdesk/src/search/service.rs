//! Use cases of search.

mod answer;
pub mod articles;
mod desk;
pub mod find;
pub mod learn;
mod reading;
pub mod suggest;
mod vocabulary;

pub use vocabulary::WordMemory;
