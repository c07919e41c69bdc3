//! What a ticket is promised, and what its state means to that.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::Metric;
use crate::calendars::{Calendar, Seconds};
use crate::ids::CalendarId;

/// What a policy version grants a ticket. A metric without a target has no clock; a target that comes
/// later counts from the metric's next start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// Time to the first response.
    pub first_response: Option<Seconds>,
    /// Time to each next response.
    pub next_response: Option<Seconds>,
    /// Time to resolution.
    pub resolution: Option<Seconds>,
    /// When time counts: the hours of this calendar,
    pub calendar_id: CalendarId,
    /// as they are in one of its versions.
    pub calendar: Arc<Calendar>,
    /// Whether resolution pauses while the ticket waits for the customer.
    pub pauses_waiting_customer: bool,
    /// Whether resolution pauses while the ticket is on hold.
    pub pauses_on_hold: bool,
}

impl Terms {
    /// The target of a metric.
    #[must_use]
    pub fn target(&self, metric: Metric) -> Option<Seconds> {
        match metric {
            Metric::FirstResponse => self.first_response,
            Metric::NextResponse => self.next_response,
            Metric::Resolution => self.resolution,
        }
    }

    /// The target of a clock that has counted by `before`: a response that is owed although `before`
    /// promises none came with a merge, and is owed as a first response.
    #[must_use]
    pub fn target_after(&self, before: &Self, metric: Metric) -> Option<Seconds> {
        let owed = metric == Metric::NextResponse && before.next_response.is_none();
        self.target(metric).or(self.first_response.filter(|_| owed))
    }

    /// Whether resolution stands still in this state.
    #[must_use]
    pub fn pauses(&self, phase: Phase) -> bool {
        match phase {
            Phase::WaitingCustomer => self.pauses_waiting_customer,
            Phase::OnHold => self.pauses_on_hold,
            Phase::Working | Phase::Done => false,
        }
    }
}

kamhub_kernel::wire_enum! {
    /// What a ticket's state means to its clocks.
    #[derive(Default)]
    pub enum Phase {
        /// Open, in progress or reopened.
        #[default]
        Working = "working",
        /// Waiting for the customer.
        WaitingCustomer = "waiting_customer",
        /// On hold.
        OnHold = "on_hold",
        /// Resolved or closed.
        Done = "done",
    }
}
