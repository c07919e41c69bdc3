//! What can go wrong with policies.

use kamhub_httpkit::Problem;
use kamhub_kernel::{Faults, Versions};
use kamhub_postgres::DbError;

use super::view::PolicyView;
use crate::{calendars, identity};

/// A fault of the policies.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such policy, or no more.
    #[error("the policy was not found")]
    NotFound,
    /// The caller's version is not the policy's any more.
    #[error("the policy has changed since version {0}")]
    Stale(Versions, Box<PolicyView>),
    /// Another active policy is for the same category and priority.
    #[error("another active policy is for the same tickets")]
    Taken(Box<PolicyView>),
    /// What would leave tickets without any policy.
    #[error(
        "The built-in default policy is for every ticket that no other policy fits: its targets can \
        be changed, but it can be neither deactivated, deleted nor narrowed"
    )]
    BuiltIn,
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// The calendar of a policy.
    #[error(transparent)]
    Calendars(#[from] calendars::Error),
    /// The users whom an escalation tells.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("The policy"),
            Error::Stale(seen, current) => Self::conflict(
                "VERSION_CONFLICT",
                format!(
                    "The policy has changed since version {seen}: it is at version {} now",
                    current.version
                ),
            )
            .with_current(&current),
            Error::Taken(other) => Self::conflict(
                "POLICY_EXISTS",
                format!(
                    "The active policy \"{}\" (id {}) is for category {} and priority {} already: \
                    change it, or deactivate it first",
                    other.name, other.id, other.category, other.priority
                ),
            ),
            Error::BuiltIn => Self::conflict("DEFAULT_POLICY", error.to_string()),
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Calendars(error) => error.into(),
            Error::Identity(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
