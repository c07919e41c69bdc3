//! What can go wrong with runs.

use kamhub_httpkit::Problem;
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;

use crate::ids::RunId;
use crate::sla::policies;
use crate::{calendars, sla};

/// A fault of the runs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such run, or no more.
    #[error("the run was not found")]
    NotFound,
    /// Another re-evaluation is under way.
    #[error("another re-evaluation is under way")]
    UnderWay(Option<RunId>),
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// What a run has kept cannot be read.
    #[error("what the run has kept cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The clocks.
    #[error(transparent)]
    Sla(#[from] sla::error::Error),
    /// The policies.
    #[error(transparent)]
    Policies(#[from] policies::Error),
    /// The calendars.
    #[error(transparent)]
    Calendars(#[from] calendars::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("The run"),
            Error::UnderWay(run) => {
                let which = run.map_or_else(String::new, |run| format!(" (run {run})"));
                let sentence =
                    format!("Another re-evaluation is under way{which}; wait for its end");
                Self::conflict("RUN_UNDER_WAY", sentence)
            }
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Unreadable(_) => Self::internal(error),
            Error::Sla(error) => error.into(),
            Error::Policies(error) => error.into(),
            Error::Calendars(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
