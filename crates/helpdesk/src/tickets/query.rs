//! What a list of tickets is asked for, and how it is best found; no I/O.

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};
use kamhub_kernel::page::PageRequest;
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
        CreatedAt = "createdAt",
        /// The last change.
        UpdatedAt = "updatedAt",
        /// Priority, then id.
        Priority = "priority",
        /// The earliest deadline of the ticket's running clocks; tickets without one come after all others.
        SlaDue = "slaDue",
    }
}

/// How a cursor keeps the place of a ticket without a deadline.
const NEVER: i64 = i64::MAX;

impl SortBy {
    /// The direction where none is asked for: the newest, or the most urgent first.
    pub fn usual_order(self) -> SortOrder {
        match self {
            Self::CreatedAt | Self::UpdatedAt | Self::Priority => SortOrder::Desc,
            Self::SlaDue => SortOrder::Asc,
        }
    }

    /// The column that the list is sorted by.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Priority => "priority_rank",
            Self::SlaDue => "COALESCE(sla_due_at, 'infinity')",
        }
    }

    /// The ticket's value in that column, as a cursor keeps it.
    pub(super) fn key(self, ticket: &Ticket) -> i64 {
        match self {
            Self::CreatedAt => ticket.created_at.timestamp_micros(),
            Self::UpdatedAt => ticket.updated_at.timestamp_micros(),
            Self::Priority => i64::from(rank(ticket.priority)),
            Self::SlaDue => ticket.sla_due_at.map_or(NEVER, |due| due.timestamp_micros()),
        }
    }
}

/// The place of a priority in the order of priorities, as the column `priority_rank` has it.
pub(super) fn rank(priority: Priority) -> i16 {
    match priority {
        Priority::Low => 1,
        Priority::Medium => 2,
        Priority::High => 3,
        Priority::Urgent => 4,
        Priority::Critical => 5,
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
    /// These tickets only.
    pub only: Option<Vec<TicketId>>,
    /// Whose.
    pub assignee: Option<Assignee>,
    /// Of this team.
    pub team: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Whether they are out of sight for a while.
    pub snoozed: Option<bool>,
    /// Created then or later.
    pub from: Option<DateTime<Utc>>,
    /// Created then or earlier.
    pub until: Option<DateTime<Utc>>,
    /// With these words in subject or description, or this number.
    pub search: Option<String>,
}

impl Filter {
    /// Whether words or a tag are asked for, and nothing that narrows the list by an index of its own (a period, a
    /// customer, a number): what fits may lie far apart in every order, and the index that finds it knows the days.
    pub(super) fn is_by_words(&self) -> bool {
        let number = self.search.as_deref().and_then(TicketId::from_number_or_id);
        let narrowed = self.from.is_some()
            || self.until.is_some()
            || self.customer_id.is_some()
            || self.requester.is_some()
            || self.only.is_some();
        (self.search.is_some() || self.tag.is_some()) && number.is_none() && !narrowed
    }

    /// The field of which several values are asked for; the first, where there are more such fields.
    fn of_several(&self) -> Option<Field> {
        match self {
            Self { status, .. } if status.len() > 1 => Some(Field::Status),
            Self { category, .. } if category.len() > 1 => Some(Field::Category),
            Self { priority, .. } if priority.len() > 1 => Some(Field::Priority),
            _ => None,
        }
    }

    /// The same filter for each single value of that field.
    pub(super) fn each_value(&self, field: Field) -> Vec<Self> {
        let rest = || self.clone();
        match field {
            Field::Status => distinct(&self.status, |status| Self { status, ..rest() }),
            Field::Category => distinct(&self.category, |category| Self { category, ..rest() }),
            Field::Priority => distinct(&self.priority, |priority| Self { priority, ..rest() }),
        }
    }

    /// The one condition of this filter by which an ordered index is followed best, and no other.
    pub(super) fn narrowest(&self) -> Self {
        let none = Self::default;
        match self {
            Self { assignee: Some(assignee), .. } => Self { assignee: Some(*assignee), ..none() },
            Self { status, .. } if status.len() == 1 => Self { status: status.clone(), ..none() },
            Self { team: Some(team), .. } => Self { team: Some(team.clone()), ..none() },
            Self { category, .. } if category.len() == 1 => {
                Self { category: category.clone(), ..none() }
            }
            Self { priority, .. } if priority.len() == 1 => {
                Self { priority: priority.clone(), ..none() }
            }
            _ => none(),
        }
    }

    /// Whether the index finds what fits by one word or tag alone. Of several it looks for where they meet, and would
    /// do so anew for each day.
    pub(super) fn is_one_word(&self) -> bool {
        let words = self.search.as_deref().map_or(0, |text| text.split_whitespace().count());
        words + usize::from(self.tag.is_some()) == 1
            && self.status.is_empty()
            && self.priority.is_empty()
            && self.category.is_empty()
            && self.team.is_none()
            && self.snoozed.is_none()
            && self.assignee.is_none()
    }

    /// A short name of exactly this filter, for a cache.
    pub(super) fn key(&self) -> String {
        hex::encode(Sha256::digest(format!("{self:?}")))
    }
}

/// One filter for each value, however often it was named.
fn distinct<T: Copy + PartialEq>(values: &[T], of: impl Fn(Vec<T>) -> Filter) -> Vec<Filter> {
    let first = |(place, value): &(usize, &T)| !values[..*place].contains(value);
    values.iter().enumerate().filter(first).map(|(_, value)| of(vec![*value])).collect()
}

/// A field of which a list may have several values. For each value of each there is an index of every order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// State.
    Status,
    /// Category.
    Category,
    /// Priority.
    Priority,
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

    /// The way to a page of a list that more than [`kamhub_kernel::page::COUNT_CAP`] rows fit.
    pub(super) fn way(&self) -> Way {
        let Filter { from, until, .. } = &self.filter;
        match (self.sort_by, from.zip(*until)) {
            // They are few among all, and an index has just them.
            _ if self.filter.snoozed == Some(true) => Way::Gather,
            (SortBy::UpdatedAt, Some((from, until)))
                if months(from, until).len() <= MOST_MONTHS =>
            {
                Way::EachMonth
            }
            (SortBy::Priority, Some((from, until))) if until - from <= SHORT_PERIOD => Way::Gather,
            (SortBy::UpdatedAt | SortBy::Priority, _) if self.filter.customer_id.is_some() => {
                Way::Gather
            }
            // Whatever has a deadline lies at the beginning of this order.
            (SortBy::SlaDue, _) => Way::Walk,
            _ => self.filter.of_several().map_or(Way::Walk, Way::EachValue),
        }
    }
}

/// How far from the end of its order a list is looked through for rows that have the words, one after the other until the
/// page is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// So many rows, whether they fit or not: enough for a common word.
    Rows(i64),
    /// What fits of so many days.
    Days(i32),
}

impl Reach {
    /// From the narrowest to the widest; by one word, or by several.
    pub(super) fn widening(filter: &Filter) -> &'static [Self] {
        match filter.is_one_word() {
            true => {
                &[Self::Rows(1_000), Self::Days(4), Self::Days(16), Self::Days(64), Self::Days(256)]
            }
            false => &[Self::Rows(1_000), Self::Days(16)],
        }
    }
}

/// How a page of a long list is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Along the index of the order: right where rows that fit are many and lie everywhere.
    Walk,
    /// All that fit, then their order: right where an index alone tells both.
    Gather,
    /// The first of each value of a field, then their order. What is in work lies at one end of every order, so that a walk
    /// from the other end would pass all that ever was closed; and what came in last may all be of one category.
    EachValue(Field),
    /// The first of each month of creation, then their order: changes lie across a period, so that a
    /// walk along them would pass everything outside it.
    EachMonth,
}

/// A period of more months than this is walked: few rows lie outside it.
const MOST_MONTHS: usize = 36;
/// The priorities of a longer period are walked: each fits many rows.
const SHORT_PERIOD: TimeDelta = TimeDelta::days(31);

/// The first day of each month (UTC) that a period touches; one more than [`MOST_MONTHS`] at most.
pub(super) fn months(from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<NaiveDate> {
    let first = from.date_naive().with_day(1);
    let months = std::iter::successors(first, |month| month.checked_add_months(Months::new(1)));
    months.take_while(|month| *month <= until.date_naive()).take(MOST_MONTHS + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_touches_the_months_of_both_its_ends() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let months = |from, until| -> Vec<String> {
            super::months(at(from), at(until)).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            months("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"),
            ["2026-01-01", "2026-02-01"]
        );
        assert_eq!(months("2025-12-28T00:00:00Z", "2025-12-28T23:59:59Z"), ["2025-12-01"]);
        assert!(months("2026-02-01T00:00:00Z", "2026-01-31T00:00:00Z").is_empty());
        assert_eq!(months("1970-01-01T00:00:00Z", "2999-12-31T00:00:00Z").len(), MOST_MONTHS + 1);
    }
}
