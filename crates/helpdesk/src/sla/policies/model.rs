//! What a policy promises.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::calendars::{Calendar, Seconds};
use crate::category::Category;
use crate::ids::{CalendarId, CalendarVersionId, PolicyId, PolicyVersionId, UserId};
use crate::sla::model::Metric;
use crate::sla::terms::Terms;
use crate::tickets::model::Priority;

/// What people write into a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDraft {
    /// Its name, 3 to 255 characters.
    pub name: String,
    /// The category it is for; none means any.
    pub category: Option<Category>,
    /// The priority it is for; none means any.
    pub priority: Option<Priority>,
    /// Minutes to the first response, 1 to 10080.
    pub first_response_minutes: i32,
    /// Minutes to each next response, 1 to 10080, where that is promised.
    pub next_response_minutes: Option<i32>,
    /// Minutes to resolution, 1 to 43200.
    pub resolution_minutes: i32,
    /// Whether it applies.
    pub active: bool,
    /// When time counts.
    pub calendar_id: CalendarId,
    /// Whether resolution pauses while the ticket waits for the customer.
    pub pauses_waiting_customer: bool,
    /// Whether resolution pauses while the ticket is on hold.
    pub pauses_on_hold: bool,
    /// What is said before a breach.
    pub warnings: Vec<WarningStep>,
    /// What is done after a breach.
    pub escalations: Vec<EscalationStep>,
}

impl PolicyDraft {
    /// What is allowed and perhaps not meant, one sentence each.
    #[must_use]
    pub fn notices(&self) -> Vec<&'static str> {
        let mut notices = Vec::new();
        if self.resolution_minutes < self.first_response_minutes {
            notices.push(
                "Resolution is due before the first response: the first response target will \
                rarely matter",
            );
        }
        if self.next_response_minutes.is_some_and(|next| self.resolution_minutes < next) {
            notices.push(
                "Resolution is due before the next response: the next response target will \
                rarely matter",
            );
        }
        notices
    }

    /// What clocks would count by.
    #[must_use]
    pub fn terms(&self, calendar: Arc<Calendar>) -> Terms {
        let minutes = |minutes: i32| Seconds::minutes(minutes.unsigned_abs());
        Terms {
            first_response: Some(minutes(self.first_response_minutes)),
            next_response: self.next_response_minutes.map(minutes),
            resolution: Some(minutes(self.resolution_minutes)),
            calendar_id: self.calendar_id,
            calendar,
            pauses_waiting_customer: self.pauses_waiting_customer,
            pauses_on_hold: self.pauses_on_hold,
        }
    }

    /// How well it fits such tickets: 0 for exactly this pair, then category, priority, all; none where it
    /// does not.
    #[must_use]
    pub fn fit(&self, category: Category, priority: Priority) -> Option<u8> {
        let fits = self.category.is_none_or(|wanted| wanted == category)
            && self.priority.is_none_or(|wanted| wanted == priority);
        let rank = 2 * u8::from(self.category.is_none()) + u8::from(self.priority.is_none());
        fits.then_some(rank)
    }
}

/// A policy as it was between two edits; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The version.
    pub id: PolicyVersionId,
    /// Of this policy.
    pub policy_id: PolicyId,
    /// Counts the policy's versions, from 1.
    pub number: u32,
    /// The open time to the first response.
    pub first_response: Seconds,
    /// The open time to each next response, where that is promised.
    pub next_response: Option<Seconds>,
    /// The open time to resolution.
    pub resolution: Seconds,
    /// When time counts.
    pub calendar_id: CalendarId,
    /// Whether resolution pauses while the ticket waits for the customer.
    pub pauses_waiting_customer: bool,
    /// Whether resolution pauses while the ticket is on hold.
    pub pauses_on_hold: bool,
    /// What is said before a breach.
    pub warnings: Vec<WarningStep>,
    /// What is done after a breach.
    pub escalations: Vec<EscalationStep>,
}

impl PolicyVersion {
    /// What clocks count by.
    #[must_use]
    pub fn terms(&self, calendar: Arc<Calendar>) -> Terms {
        Terms {
            first_response: Some(self.first_response),
            next_response: self.next_response,
            resolution: Some(self.resolution),
            calendar_id: self.calendar_id,
            calendar,
            pauses_waiting_customer: self.pauses_waiting_customer,
            pauses_on_hold: self.pauses_on_hold,
        }
    }
}

/// The policy that applies to a ticket, and the version of its calendar that applies now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The policy.
    pub policy: Arc<PolicyVersion>,
    /// The version of its calendar.
    pub calendar_version: CalendarVersionId,
}

/// A warning before a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningStep {
    /// The clocks it is for; all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// When.
    #[serde(flatten)]
    pub when: WarnWhen,
}

/// When a warning is due, in open time of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WarnWhen {
    /// When so much of the target is used up, 1 to 99 per cent.
    #[serde(rename = "percent")]
    Percent(u8),
    /// When so many minutes of the target are left, at least 1.
    #[serde(rename = "minutesBefore")]
    MinutesBefore(u32),
}

impl WarningStep {
    /// The open time of a clock after which the warning is due; none where it is for other clocks, or
    /// would come before the clock has begun.
    #[must_use]
    pub fn after(&self, metric: Metric, target: Seconds) -> Option<Seconds> {
        if self.metric.is_some_and(|wanted| wanted != metric) {
            return None;
        }
        match self.when {
            WarnWhen::Percent(percent) => {
                Some(Seconds::new(target.get().saturating_mul(u64::from(percent)) / 100))
            }
            WarnWhen::MinutesBefore(minutes) => {
                let left = Seconds::minutes(minutes);
                (left < target).then(|| target.minus(left))
            }
        }
    }
}

/// What is done some time after a breach that nobody has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EscalationStep {
    /// Minutes after the breach, 0 to 43200.
    pub after_minutes: u32,
    /// Who is told; never empty.
    pub recipients: Vec<Recipient>,
    /// What is done beside telling them.
    pub action: EscalationAction,
}

kamhub_kernel::wire_enum! {
    /// What an escalation does beside telling its recipients.
    pub enum EscalationAction {
        /// Nothing more.
        Notify = "notify",
        /// The ticket is taken from its agent and given to another one.
        Reassign = "reassign",
        /// The ticket's priority goes up by one.
        RaisePriority = "raise_priority",
    }
}

/// Who is told of an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// Whoever works on the ticket.
    Assignee,
    /// The ticket's team.
    Team,
    /// Every supervisor.
    Supervisors,
    /// One user.
    User(UserId),
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assignee => formatter.write_str("assignee"),
            Self::Team => formatter.write_str("team"),
            Self::Supervisors => formatter.write_str("supervisors"),
            Self::User(id) => write!(formatter, "user:{id}"),
        }
    }
}

impl FromStr for Recipient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_lowercase();
        match (word.as_str(), word.strip_prefix("user:")) {
            ("assignee", _) => Ok(Self::Assignee),
            ("team", _) => Ok(Self::Team),
            ("supervisors", _) => Ok(Self::Supervisors),
            (_, Some(id)) => id.parse().map(Self::User).map_err(|_| UNKNOWN_RECIPIENT),
            _ => Err(UNKNOWN_RECIPIENT),
        }
    }
}

const UNKNOWN_RECIPIENT: &str =
    "must be one of assignee, team, supervisors, or user: and a user's id";

impl Serialize for Recipient {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_and_escalations_come_back_from_the_database_as_they_went() {
        let warnings = r#"[{"metric":"resolution","percent":80},{"minutesBefore":15}]"#;
        let read: Vec<WarningStep> = serde_json::from_str(warnings).unwrap();
        assert_eq!(read[0].metric, Some(Metric::Resolution));
        assert_eq!(read[1].when, WarnWhen::MinutesBefore(15));
        assert_eq!(serde_json::to_string(&read).unwrap(), warnings);
        let steps =
            r#"[{"afterMinutes":30,"recipients":["assignee","user:7"],"action":"reassign"}]"#;
        let read: Vec<EscalationStep> = serde_json::from_str(steps).unwrap();
        assert_eq!(read[0].recipients, [Recipient::Assignee, Recipient::User(UserId(7))]);
        assert_eq!(serde_json::to_string(&read).unwrap(), steps);
        for word in ["user:", "user:0", "boss", ""] {
            assert!(word.parse::<Recipient>().is_err(), "{word}");
        }
    }

    #[test]
    fn a_warning_is_due_after_its_share_of_the_target_or_so_long_before_its_end() {
        let hour = Seconds::hours(1);
        let of = |metric, when| WarningStep { metric, when };
        let all = of(None, WarnWhen::Percent(75));
        assert_eq!(all.after(Metric::FirstResponse, hour), Some(Seconds::minutes(45)));
        let one = of(Some(Metric::Resolution), WarnWhen::MinutesBefore(15));
        assert_eq!(one.after(Metric::Resolution, hour), Some(Seconds::minutes(45)));
        assert_eq!(one.after(Metric::NextResponse, hour), None);
        assert_eq!(one.after(Metric::Resolution, Seconds::minutes(15)), None);
    }
}
