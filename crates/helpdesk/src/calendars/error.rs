//! What can go wrong with calendars.

use kamhub_httpkit::Problem;
use kamhub_kernel::{Faults, Versions};
use kamhub_postgres::DbError;

use super::CalendarFaults;
use super::view::CalendarView;

/// A fault of the calendars slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such calendar.
    #[error("the calendar was not found")]
    NotFound,
    /// The caller's version is not the calendar's any more.
    #[error("the calendar has changed since version {0}")]
    Stale(Versions, Box<CalendarView>),
    /// Another calendar in use has this name.
    #[error("another calendar has this name already")]
    NameTaken,
    /// An archived calendar cannot be changed.
    #[error("The calendar is archived; make a new one")]
    Archived,
    /// A calendar that is needed cannot be archived; says by what.
    #[error("{0}")]
    InUse(String),
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// A stored calendar that cannot be read any more: a zone that the time zone database has dropped.
    #[error("a stored calendar cannot be read: {0}")]
    Unreadable(CalendarFaults),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("The calendar"),
            Error::Stale(seen, current) => Self::conflict(
                "VERSION_CONFLICT",
                format!(
                    "The calendar has changed since version {seen}: it is at version {} now",
                    current.version
                ),
            )
            .with_current(&current),
            Error::NameTaken => {
                let sentence = "Another calendar has this name already";
                Self::conflict("CONFLICT", sentence).with_faults(Faults::of("name", sentence))
            }
            Error::Archived => Self::conflict("CONFLICT", error.to_string()),
            Error::InUse(sentence) => Self::conflict("CALENDAR_IN_USE", sentence),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Unreadable(_) => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}
