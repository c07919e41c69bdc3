//! Use cases of search.

use std::time::Duration;

use kamhub_cache::RateRule;

mod answer;
pub mod articles;
mod desk;
pub mod find;
pub mod learn;
mod reading;
pub mod suggest;
mod vocabulary;

pub use vocabulary::WordMemory;

/// Searches without a result that are noted of one reader, by the API and on the pages together: 30 a minute.
pub const MISSES: RateRule =
    RateRule { name: "knowledge_misses", burst: 30, per: Duration::from_secs(60) };
