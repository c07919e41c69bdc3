//! Calendars: when work is done. The pure arithmetic behind every deadline, without any I/O.
//!
//! - [`model`]: a [`Calendar`], a time due in it and the time elapsed in it
//! - [`spec`]: a calendar as people write it, and everything that can be wrong with it
//! - [`working_hours`]: small questions that need no calendar
//! - `zone` and `walk`: how wall time becomes instants, and how years are crossed in microseconds

pub mod model;
pub mod spec;
mod walk;
pub mod working_hours;
mod zone;

pub use model::{Calendar, Exception, OpenInterval, Seconds};
pub use spec::{CalendarFault, CalendarFaults, CalendarProblem, CalendarSpec};

#[cfg(test)]
mod tests;
