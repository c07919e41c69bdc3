//! Policies as callers see them.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::model::{EscalationStep, PolicyDraft, WarningStep};
use crate::category::Category;
use crate::ids::{CalendarId, CalendarVersionId, PolicyId, PolicyVersionId};
use crate::tickets::model::Priority;

/// Minutes as hours: a whole number where they are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours(pub i32);

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 60 == 0 {
            serializer.serialize_i32(self.0 / 60)
        } else {
            serializer.serialize_f64((f64::from(self.0) / 0.6).round() / 100.0)
        }
    }
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// The policy.
    pub id: PolicyId,
    /// Its name.
    #[schema(examples("Urgent billing"))]
    pub name: String,
    /// The category it is for, or `any`.
    #[schema(examples("billing"))]
    pub category: &'static str,
    /// The priority it is for, or `any`.
    #[schema(examples("urgent"))]
    pub priority: &'static str,
    /// Hours of open time to the first response.
    #[schema(value_type = f64, examples(4))]
    pub first_response_time: Hours,
    /// The same in minutes.
    #[schema(examples(240))]
    pub first_response_minutes: i32,
    /// Hours of open time to each next response; null where that is not promised.
    #[schema(value_type = Option<f64>, examples(8))]
    pub next_response_time: Option<Hours>,
    /// The same in minutes.
    #[schema(examples(480))]
    pub next_response_minutes: Option<i32>,
    /// Hours of open time to resolution.
    #[schema(value_type = f64, examples(24))]
    pub resolution_time: Hours,
    /// The same in minutes.
    #[schema(examples(1440))]
    pub resolution_minutes: i32,
    /// Whether it applies to new tickets.
    #[schema(examples(true))]
    pub active: bool,
    /// Whether it is the built-in one, for tickets that no other fits.
    #[schema(examples(false))]
    pub is_default: bool,
    /// When time counts.
    pub calendar_id: CalendarId,
    /// Whether resolution pauses while the ticket waits for the customer.
    #[schema(examples(true))]
    pub pauses_waiting_customer: bool,
    /// Whether resolution pauses while the ticket is on hold.
    #[schema(examples(true))]
    pub pauses_on_hold: bool,
    /// What is said before a breach.
    #[schema(value_type = Vec<Object>, examples(json!([{"metric": "resolution", "percent": 80}])))]
    pub warnings: Vec<WarningStep>,
    /// What is done after a breach that nobody has acknowledged.
    #[schema(value_type = Vec<Object>,
        examples(json!([{"afterMinutes": 30, "recipients": ["supervisors"], "action": "notify"}])))]
    pub escalations: Vec<EscalationStep>,
    /// What is allowed and perhaps not meant, one sentence each.
    #[schema(examples(json!([])))]
    pub notices: Vec<&'static str>,
    /// The version that applies to new tickets.
    pub policy_version_id: PolicyVersionId,
    /// Counts the versions of the policy; grows with every change; the ETag.
    #[schema(examples(1))]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What is known of a policy beside its promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The policy.
    pub id: PolicyId,
    /// The version that applies.
    pub version_id: PolicyVersionId,
    /// Its number.
    pub version: i32,
    /// Whether it is the built-in one.
    pub is_default: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A stored policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What is known of it.
    pub facts: Facts,
    /// What it promises.
    pub draft: PolicyDraft,
}

impl Policy {
    /// The policy as callers see it.
    #[must_use]
    pub fn view(self) -> PolicyView {
        let Self { facts, draft } = self;
        PolicyView {
            id: facts.id,
            category: draft.category.map_or("any", Category::as_str),
            priority: draft.priority.map_or("any", Priority::as_str),
            first_response_time: Hours(draft.first_response_minutes),
            first_response_minutes: draft.first_response_minutes,
            next_response_time: draft.next_response_minutes.map(Hours),
            next_response_minutes: draft.next_response_minutes,
            resolution_time: Hours(draft.resolution_minutes),
            resolution_minutes: draft.resolution_minutes,
            active: draft.active,
            is_default: facts.is_default,
            calendar_id: draft.calendar_id,
            pauses_waiting_customer: draft.pauses_waiting_customer,
            pauses_on_hold: draft.pauses_on_hold,
            notices: draft.notices(),
            name: draft.name,
            warnings: draft.warnings,
            escalations: draft.escalations,
            policy_version_id: facts.version_id,
            version: facts.version,
            created_at: facts.created_at,
            updated_at: facts.updated_at,
        }
    }
}

/// A policy that applies, and the version of its calendar that applies now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The policy.
    pub policy: Policy,
    /// The version of its calendar.
    pub calendar_version: CalendarVersionId,
}

impl InForce {
    /// The one of these that applies to such tickets: the same as the database finds for one ticket.
    #[must_use]
    pub fn fitting(all: &[Self], category: Category, priority: Priority) -> Option<&Self> {
        let fit = |one: &&Self| {
            let rank = one.policy.draft.fit(category, priority);
            rank.map(|rank| (one.policy.facts.is_default, rank))
        };
        all.iter().filter(|one| fit(one).is_some()).min_by_key(fit)
    }
}

/// A policy as it was between two edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyVersionView {
    /// The policy as it was; `updatedAt` is when this version began to apply.
    #[serde(flatten)]
    pub policy: PolicyView,
    /// Who wrote it.
    #[schema(examples("user:7"))]
    pub created_by: String,
}
