//! What can happen to a ticket, as far as its clocks are concerned.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::model::{Metric, Moment};
use super::terms::{Phase, Terms};
use crate::calendars::Calendar;

/// Who wrote something that the customer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// An agent, by hand.
    Person,
    /// A bot.
    Bot,
    /// An automatic answer.
    AutoReply,
    /// The system.
    System,
}

/// Something that happened to a ticket and may matter to its clocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When.
    pub moment: Moment,
    /// What.
    pub happening: Happening,
}

/// What happened to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// It was created: by the customer, with a first message, or by an agent.
    Created {
        /// Whether it began with a message of the customer.
        by_customer: bool,
        /// The terms that apply.
        terms: Option<Terms>,
    },
    /// The customer wrote.
    CustomerMessage {
        /// Whether a machine answered in the customer's name.
        automatic: bool,
    },
    /// Somebody wrote on our side.
    Reply {
        /// The message's id.
        message: i64,
        /// Who wrote it.
        author: Author,
        /// Whether it is a note that the customer does not see.
        internal: bool,
    },
    /// A reply turned out not to be deliverable.
    Bounced {
        /// The reply's id.
        message: i64,
    },
    /// A reply that had bounced reached the customer after all.
    Delivered {
        /// The reply's id.
        message: i64,
    },
    /// Its state changed.
    PhaseChanged(Phase),
    /// Other terms apply: its priority, category or policy changed, or an administrator had it evaluated
    /// anew.
    TermsChanged(Terms),
    /// The calendar of its terms was edited.
    CalendarEdited(Arc<Calendar>),
    /// Its policy was deactivated.
    PolicyDeactivated,
    /// It was merged into another ticket.
    MergedAway,
    /// Another ticket was merged into it.
    Absorbed {
        /// The other ticket's earliest unanswered message of the customer.
        unanswered_since: Option<DateTime<Utc>>,
        /// Whether it waits for its first response.
        never_answered: bool,
    },
    /// It was deleted.
    Deleted,
    /// A warning was given.
    Warned {
        /// Of which metric.
        metric: Metric,
        /// Of which instance.
        number: u32,
    },
    /// A sweep looked for deadlines that have passed.
    Swept,
}
