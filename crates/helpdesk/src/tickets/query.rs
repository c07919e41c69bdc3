//! What a list of tickets is asked for, and how it is best found; no I/O.

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_kernel::page::{COUNT_CAP, PageRequest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::model::{Priority, Ticket};
use super::state::Status;
use crate::category::Category;
use crate::ids::{AgentId, CustomerId, TicketId};

kamhub_kernel::wire_enum! {
    /// What a list is sorted by (contract, section 1).
    pub enum SortBy {
        /// Creation.
        CreatedAt = "createdat",
        /// The last change.
        UpdatedAt = "updatedat",
        /// Priority, then id.
        Priority = "priority",
    }
}

impl SortBy {
    /// The column that the list is sorted by.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Priority => "priority_rank",
        }
    }

    /// The ticket's value in that column, as a cursor keeps it.
    pub(super) fn key(self, ticket: &Ticket) -> i64 {
        match self {
            Self::CreatedAt => ticket.created_at.timestamp_micros(),
            Self::UpdatedAt => ticket.updated_at.timestamp_micros(),
            Self::Priority => match ticket.priority {
                Priority::Low => 1,
                Priority::Medium => 2,
                Priority::High => 3,
                Priority::Urgent => 4,
                Priority::Critical => 5,
            },
        }
    }
}

kamhub_kernel::wire_enum! {
    /// The direction of a list.
    pub enum SortOrder {
        /// Smallest first.
        Asc = "asc",
        /// Largest first.
        Desc = "desc",
    }
}

/// Whose tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignee {
    /// Tickets that nobody works on.
    Nobody,
    /// An agent's.
    Agent(AgentId),
}

/// Which tickets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// In one of these states.
    pub status: Vec<Status>,
    /// Of one of these priorities.
    pub priority: Vec<Priority>,
    /// In one of these categories.
    pub category: Vec<Category>,
    /// With this number of the platform's customer.
    pub customer_id: Option<i64>,
    /// Of this customer.
    pub requester: Option<CustomerId>,
    /// This ticket only.
    pub only: Option<TicketId>,
    /// Whose.
    pub assignee: Option<Assignee>,
    /// Of this team.
    pub team: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Created then or later.
    pub from: Option<DateTime<Utc>>,
    /// Created then or earlier.
    pub until: Option<DateTime<Utc>>,
    /// With these words in subject or description, or this number.
    pub search: Option<String>,
}

impl Filter {
    /// A short name of exactly this filter, for a cache.
    pub(super) fn key(&self) -> String {
        hex::encode(Sha256::digest(format!("{self:?}")))
    }
}

/// The sort key of a row, inside a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// What the list was sorted by, and how: a cursor of another list is refused.
    pub list: String,
    /// Microseconds since 1970, or the rank of the priority.
    pub value: i64,
    /// The ticket.
    pub id: i64,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest {
    /// Which tickets.
    pub filter: Filter,
    /// Sorted by what.
    pub sort_by: SortBy,
    /// In which direction.
    pub order: SortOrder,
    /// Which page.
    pub page: PageRequest<SortKey>,
}

impl ListRequest {
    /// The mark by which cursors of this list are known.
    pub fn mark(sort_by: SortBy, order: SortOrder) -> String {
        format!("{sort_by} {order}")
    }

    /// The way to a page of a list that `counted` rows fit, counted up to one beyond the cap.
    pub(super) fn way(&self, counted: i64) -> Way {
        let filter = &self.filter;
        let short = match (filter.from, filter.until) {
            (Some(from), Some(until)) => until - from <= SHORT_PERIOD,
            _ => false,
        };
        if counted <= COUNT_CAP || (short && self.sort_by != SortBy::CreatedAt) {
            Way::Gather
        } else if filter.status.len() > 1 {
            Way::EachStatus
        } else {
            Way::Walk
        }
    }
}

/// How a page is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Along the index of the order: right where rows that fit are many and lie everywhere.
    Walk,
    /// All that fit, then their order: right where they are few.
    Gather,
    /// The first of each state, then their order: what is in work lies at one end of every order,
    /// so that a walk from the other end would pass all that ever was closed.
    EachStatus,
}

/// The orders other than creation lie across a period: a walk would pass everything outside it.
const SHORT_PERIOD: TimeDelta = TimeDelta::days(31);
