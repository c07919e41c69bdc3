//! Rows as they are written, named like their columns: they travel to PostgreSQL as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

pub(super) type Time = DateTime<Utc>;

#[derive(Debug, Serialize)]
pub(super) struct AgentRow {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) team: String,
    pub(super) specialization: Vec<String>,
    pub(super) timezone: String,
    pub(super) working_hours_start: String,
    pub(super) working_hours_end: String,
    pub(super) max_concurrent_tickets: i64,
    pub(super) status: String,
    pub(super) account_id: Option<i64>,
    pub(super) status_changed_at: Time,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct CustomerRow {
    pub(super) external_id: i64,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) locale: &'static str,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct TicketRow {
    pub(super) id: i64,
    pub(super) subject: String,
    pub(super) description: String,
    pub(super) customer_id: Option<i64>,
    pub(super) customer_name: String,
    pub(super) customer_email: String,
    pub(super) requester_id: Option<i64>,
    pub(super) category: String,
    pub(super) priority: String,
    pub(super) status: &'static str,
    pub(super) channel: &'static str,
    pub(super) agent_id: Option<i64>,
    pub(super) team: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) related_booking_id: Option<i64>,
    pub(super) resolution: Option<String>,
    pub(super) version: i64,
    pub(super) snoozed_until: Option<Time>,
    pub(super) first_response_at: Option<Time>,
    pub(super) resolved_at: Option<Time>,
    pub(super) closed_at: Option<Time>,
    pub(super) reopened_count: i64,
    pub(super) merged_into_id: Option<i64>,
    pub(super) follow_up_of_id: Option<i64>,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct MessageRow {
    pub(super) id: i64,
    pub(super) ticket_id: i64,
    pub(super) sender_type: &'static str,
    pub(super) sender_id: Option<i64>,
    pub(super) sender_name: String,
    pub(super) message: String,
    pub(super) is_internal: bool,
    pub(super) rating: Option<i64>,
    pub(super) rating_comment: Option<String>,
    pub(super) rated_at: Option<Time>,
    pub(super) original_ticket_id: Option<i64>,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct EventRow {
    pub(super) ticket_id: i64,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) actor_kind: &'static str,
    pub(super) actor_id: Option<i64>,
    pub(super) actor_name: String,
    pub(super) occurred_at: Time,
    pub(super) data: Value,
}

#[derive(Debug, Serialize)]
pub(super) struct MergeRow {
    pub(super) source_id: i64,
    pub(super) target_id: i64,
    pub(super) source_status: &'static str,
    pub(super) source_agent_id: Option<i64>,
    pub(super) merged_at: Time,
}

#[derive(Debug, Serialize)]
pub(super) struct LoadRow {
    pub(super) agent_id: i64,
    pub(super) open_tickets: i64,
    pub(super) last_assigned_at: Option<Time>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ArticleRow {
    /// The slug of the article that it is a translation of.
    pub(super) original: Option<String>,
    pub(super) title: String,
    pub(super) slug: String,
    pub(super) content: String,
    pub(super) category: String,
    pub(super) tags: Vec<String>,
    pub(super) language: &'static str,
    pub(super) author_id: Option<i64>,
    pub(super) is_published: bool,
    pub(super) published_at: Option<Time>,
    pub(super) views: i64,
    pub(super) helpful_votes: i64,
    pub(super) unhelpful_votes: i64,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

#[derive(Debug, Serialize)]
pub(super) struct FaqRow {
    pub(super) question: String,
    pub(super) answer: String,
    pub(super) category: String,
    pub(super) priority: i64,
    pub(super) language: &'static str,
    pub(super) views: i64,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

#[derive(Debug, Serialize)]
pub(super) struct FeedbackRow {
    pub(super) ticket_id: i64,
    pub(super) customer_id: Option<i64>,
    pub(super) agent_id: Option<i64>,
    pub(super) rating: i64,
    pub(super) comment: Option<String>,
    pub(super) response_time: i64,
    pub(super) resolution: i64,
    pub(super) professionalism: i64,
    pub(super) knowledge: i64,
    pub(super) would_recommend: bool,
    pub(super) follow_up_required: bool,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

#[derive(Debug, Serialize)]
pub(super) struct SurveyRow {
    pub(super) customer_id: i64,
    pub(super) email: String,
    pub(super) overall_rating: i64,
    pub(super) support_quality: i64,
    pub(super) response_time: i64,
    pub(super) resolution: i64,
    pub(super) comment: Option<String>,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}
