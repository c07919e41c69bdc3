//! Calendars: when work is done. The pure heart of every deadline.

pub mod working_hours;
