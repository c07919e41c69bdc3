//! The calls of the runs.

pub mod read;
pub mod reevaluate;
pub mod simulate;
pub mod view;
