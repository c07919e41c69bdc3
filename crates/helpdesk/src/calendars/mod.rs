//! Calendars: when work is done, and the arithmetic behind every deadline.
//!
//! - [`model`]: a [`Calendar`], a time due in it and the time elapsed in it; pure
//! - [`spec`]: a calendar as people write it, and everything that can be wrong with it; pure
//! - [`service`] and [`view`]: calendars as they are kept, in versions that never change
//! - [`working_hours`]: small questions that need no calendar
//! - `zone` and `walk`: how wall time becomes instants, and how years are crossed in microseconds

pub mod error;
pub mod http;
pub mod input;
pub mod model;
mod repo;
pub mod service;
pub mod spec;
pub mod view;
mod walk;
pub mod working_hours;
mod zone;

pub use error::Error;
pub use model::{Calendar, Exception, OpenInterval, Seconds};
pub use spec::{CalendarFault, CalendarFaults, CalendarProblem, CalendarSpec};

#[cfg(test)]
mod tests;
