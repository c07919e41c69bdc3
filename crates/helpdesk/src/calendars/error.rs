//! What can go wrong with calendars.

use kamhub_httpkit::Problem;
use kamhub_postgres::DbError;

use super::CalendarFaults;

/// A fault of the calendars slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such calendar.
    #[error("the calendar was not found")]
    NotFound,
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
            Error::Unreadable(_) => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}
