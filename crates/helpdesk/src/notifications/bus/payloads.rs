//! The shape of each event's data, for the documents. The data themselves are written where the
//! events are published; a test holds real events against these shapes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::agents::model::{Agent, AgentStatus};
use crate::feedback::model::{FeedbackView, SurveyView};
use crate::ids::{AgentId, CustomerId, FaqId, PolicyId, TicketId, ViolationId, WebhookId};
use crate::knowledge::view::ArticleEvent;
use crate::language::Language;
use crate::messages::model::MessageView;
use crate::notifications::webhooks::model::DisabledReason;
use crate::sla::model::{Metric, ViolationType};
use crate::tickets::model::Priority;
use crate::tickets::view::TicketView;

/// A ticket changed.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct TicketChange {
    /// The ticket as it is now.
    pub ticket: TicketView,
    /// What was done: updated, assigned, closed, reopened, merged, snoozed, deleted and so on.
    #[schema(examples("updated"))]
    pub change: String,
    /// The fields that changed, as they were.
    #[schema(value_type = Object, examples(json!({"status": "open"})))]
    pub before: Value,
    /// The same fields as they are.
    #[schema(value_type = Object, examples(json!({"status": "in_progress"})))]
    pub after: Value,
}

/// Somebody wrote in a ticket.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct MessageWritten {
    /// The message.
    pub message: MessageView,
    /// A note of the desk to itself: not for customers.
    pub is_internal: bool,
    /// Written by a program.
    pub is_automatic: bool,
    /// Whether it came to a closed ticket and began a new one that continues it.
    pub follow_up: bool,
}

/// A customer rated an answer.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct MessageRated {
    /// The message with its rating.
    pub message: MessageView,
}

/// An agent was created.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AgentMade {
    /// The agent.
    pub agent: Agent,
    /// Who did it, by kind and id.
    #[schema(examples("user:7"))]
    pub by: String,
}

/// What is known of an agent changed.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AgentChange {
    /// The agent.
    pub agent_id: AgentId,
    /// The fields that changed, as they were.
    #[schema(value_type = Object, examples(json!({"maxConcurrentTickets": 5})))]
    pub before: Value,
    /// The same fields as they are.
    #[schema(value_type = Object, examples(json!({"maxConcurrentTickets": 8})))]
    pub after: Value,
    /// Who did it, by kind and id.
    #[schema(examples("user:7"))]
    pub by: String,
}

/// An agent's availability changed.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AgentStatusChange {
    /// The agent.
    pub agent_id: AgentId,
    /// The agent's name.
    #[schema(examples("Анна Лебедева"))]
    pub name: String,
    /// The status as it was.
    pub before: AgentStatus,
    /// The status as it is.
    pub after: AgentStatus,
    /// Who did it, by kind and id.
    #[schema(examples("user:7"))]
    pub by: String,
}

/// A customer said what they think of how a ticket was handled.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct FeedbackGiven {
    /// What they said.
    pub feedback: FeedbackView,
}

/// A customer changed what they said.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct FeedbackChange {
    /// What they say now.
    pub feedback: FeedbackView,
    /// What they said before.
    pub before: FeedbackView,
}

/// Somebody said what they think of the desk as a whole.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SurveyAnswered {
    /// What they said.
    pub survey: SurveyView,
}

/// A ticket was resolved, and its customer is asked how it was. The link that lets them answer without
/// signing in is not told.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CsatRequest {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    #[schema(examples("TKT-17"))]
    pub ticket_number: String,
    /// The customer.
    pub requester_id: CustomerId,
    /// The customer's name.
    #[schema(examples("Ирина Соколова"))]
    pub customer_name: String,
    /// Where they are asked.
    #[schema(examples("irina@example.com"))]
    pub customer_email: String,
    /// Who worked on it.
    pub agent_id: Option<AgentId>,
    /// When it was resolved.
    pub resolved_at: DateTime<Utc>,
    /// Until when they may answer.
    pub expires_at: DateTime<Utc>,
}

/// The product has switched a webhook off.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct WebhookDisabled {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// What it was for.
    #[schema(examples("Booking: refunds"))]
    pub description: String,
    /// Why it was switched off.
    pub reason: DisabledReason,
    /// Since when nothing but failures came back.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was switched off.
    pub disabled_at: DateTime<Utc>,
}

/// Somebody tries whether a webhook's receiver hears.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookTried {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// What it is for.
    #[schema(examples("Booking: refunds"))]
    pub description: String,
}

/// A deadline comes near.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SlaWarned {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    #[schema(examples("TKT-17"))]
    pub ticket_number: String,
    /// What was promised.
    pub metric: Metric,
    /// Which instance of it: 1, except for next responses.
    #[schema(minimum = 1, examples(1))]
    pub instance: i32,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// How much open time there is for it, in seconds.
    #[schema(minimum = 1, examples(14400))]
    pub target_seconds: i64,
    /// The ticket's priority.
    pub priority: Priority,
    /// Who has the ticket.
    pub agent_id: Option<AgentId>,
    /// The ticket's team.
    #[schema(examples("payments"))]
    pub team: Option<String>,
    /// The policy.
    pub policy_id: PolicyId,
    /// Which of the policy's warning steps, from 0.
    #[schema(minimum = 0, examples(0))]
    pub step: i32,
}

/// A promise was not kept.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SlaViolated {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    #[schema(examples("TKT-17"))]
    pub ticket_number: String,
    /// What was promised.
    pub metric: Metric,
    /// Which instance of it: 1, except for next responses.
    #[schema(minimum = 1, examples(1))]
    pub instance: i32,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// How much open time there is for it, in seconds.
    #[schema(minimum = 1, examples(14400))]
    pub target_seconds: i64,
    /// The ticket's priority.
    pub priority: Priority,
    /// Who has the ticket.
    pub agent_id: Option<AgentId>,
    /// The ticket's team.
    #[schema(examples("payments"))]
    pub team: Option<String>,
    /// The policy.
    pub policy_id: PolicyId,
    /// The violation.
    pub violation_id: ViolationId,
    /// What was not kept.
    #[schema(rename = "type")]
    pub kind: ViolationType,
    /// When the target ran out.
    pub breached_at: DateTime<Utc>,
    /// When that was noticed.
    pub detected_at: DateTime<Utc>,
}

/// Somebody has seen that a promise was not kept.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SlaAcknowledged {
    /// The violation.
    pub violation_id: ViolationId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// What was not kept.
    #[schema(rename = "type")]
    pub kind: ViolationType,
    /// Which instance of it: 1, except for next responses.
    #[schema(minimum = 1, examples(1))]
    pub instance: i32,
    /// When it was acknowledged.
    pub acknowledged_at: DateTime<Utc>,
    /// By whom.
    #[schema(examples("Анна Лебедева"))]
    pub acknowledged_by: String,
    /// What they said to it.
    #[schema(examples("Called the customer"))]
    pub note: Option<String>,
}

/// Something happened to an article.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ArticleTold {
    /// The article, in the language that it happened to.
    pub article: ArticleEvent,
    /// Who did it, by kind and id.
    #[schema(examples("user:7"))]
    pub by: String,
}

/// Something happened to a frequently asked question.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct FaqTold {
    /// The question.
    pub faq: FaqInEvent,
    /// Who did it, by kind and id.
    #[schema(examples("user:7"))]
    pub by: String,
}

/// A frequently asked question in an event; its answer is read by its id.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct FaqInEvent {
    /// The id.
    pub id: FaqId,
    /// The question.
    #[schema(examples("Когда придёт возврат?"))]
    pub question: String,
    /// The name of its category.
    #[schema(examples("Отмена и возврат"))]
    pub category: String,
    /// 1 to 100; the greatest is shown first.
    #[schema(minimum = 1, maximum = 100, examples(90))]
    pub priority: i32,
    /// The language.
    pub language: Language,
    /// Its version.
    #[schema(minimum = 1, examples(1))]
    pub version: i32,
}
