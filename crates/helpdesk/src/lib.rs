//! The helpdesk: everything a support desk knows.

pub mod calendars;
pub mod sla;
