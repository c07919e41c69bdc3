//! A ticket on the wire: what staff and customers see of it; no I/O.

use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Channel, Priority, Ticket, TicketAttachment};
use super::state::Status;
use crate::category::Category;
use crate::ids::{AgentId, CustomerId, TicketId};

/// A ticket on the wire.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketView {
    /// The id.
    pub id: TicketId,
    /// The number to say on the phone.
    #[schema(examples("TKT-17"))]
    pub ticket_number: String,
    /// What it is about, in one line.
    #[schema(examples("Payment failed"))]
    pub subject: String,
    /// What was written first.
    #[schema(examples("My card was charged twice for booking 4711."))]
    pub description: String,
    /// The platform's customer number as it was given.
    #[schema(examples("42"))]
    pub customer_id: Option<String>,
    /// Who asks.
    #[schema(examples("Ирина Соколова"))]
    pub customer_name: String,
    /// Where answers go.
    #[schema(examples("irina@example.com"))]
    pub customer_email: String,
    /// The customer who is known to ask.
    pub requester_id: Option<CustomerId>,
    /// Whether it is known who asks, and that the address is theirs; otherwise the address is a claim, and without a
    /// `requesterId` number and name are, too.
    pub customer_verified: bool,
    /// The category.
    pub category: Category,
    /// The priority.
    pub priority: Priority,
    /// The state.
    pub status: Status,
    /// How it came in.
    pub channel: Channel,
    /// Who works on it.
    pub agent_id: Option<AgentId>,
    /// The same as `agentId`.
    pub assigned_to: Option<AgentId>,
    /// The team.
    #[schema(examples("payments"))]
    pub team: Option<String>,
    /// The tags.
    #[schema(examples(json!(["vip"])))]
    pub tags: Vec<String>,
    /// The files.
    pub attachments: Vec<TicketAttachment>,
    /// The platform's booking number.
    #[schema(examples("4711"))]
    pub related_booking_id: Option<String>,
    /// The platform's order number.
    #[schema(examples("815"))]
    pub related_order_id: Option<String>,
    /// How it was solved.
    #[schema(examples("The second payment was returned."))]
    pub resolution: Option<String>,
    /// Grows with each change; also in the ETag.
    #[schema(examples(1))]
    pub version: i32,
    /// Until when it is out of sight, at the latest.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// How many minutes before its earliest deadline it comes back, where that is sooner.
    #[schema(examples(json!(null)))]
    pub snooze_slack_minutes: Option<i32>,
    /// When a person first answered in public.
    pub first_response_at: Option<DateTime<Utc>>,
    /// When it was resolved, where it still is.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was closed, where it still is.
    pub closed_at: Option<DateTime<Utc>>,
    /// How often it was reopened.
    pub reopened_count: i32,
    /// Where it went in a merge.
    pub merged_into_id: Option<TicketId>,
    /// The closed ticket that it continues.
    pub follow_up_of_id: Option<TicketId>,
    /// The ticket that it was split from.
    pub split_from_id: Option<TicketId>,
    /// The earliest deadline of its running service level clocks.
    pub sla_due_at: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Ticket {
    /// The ticket as staff see it.
    pub fn view(&self) -> TicketView {
        TicketView {
            id: self.id,
            ticket_number: self.ticket_number.clone(),
            subject: self.subject.clone(),
            description: self.description.clone(),
            customer_id: self.customer_id.map(|id| id.to_string()),
            customer_name: self.customer_name.clone(),
            customer_email: self.customer_email.clone(),
            requester_id: self.requester_id,
            customer_verified: self.requester_id.is_some() && !self.address_claimed,
            category: self.category,
            priority: self.priority,
            status: self.status,
            channel: self.channel,
            agent_id: self.agent_id,
            assigned_to: self.agent_id,
            team: self.team.clone(),
            tags: self.tags.clone(),
            attachments: self.attachments.0.clone(),
            related_booking_id: self.related_booking_id.map(|id| id.to_string()),
            related_order_id: self.related_order_id.map(|id| id.to_string()),
            resolution: self.resolution.clone(),
            version: self.version,
            snoozed_until: self.snoozed_until,
            snooze_slack_minutes: self.snooze_slack_minutes,
            first_response_at: self.first_response_at,
            resolved_at: self.resolved_at,
            closed_at: self.closed_at,
            reopened_count: self.reopened_count,
            merged_into_id: self.merged_into_id,
            follow_up_of_id: self.follow_up_of_id,
            split_from_id: self.split_from_id,
            sla_due_at: self.sla_due_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The ticket as the actor may see it: what a desk notes for itself is not for customers.
    pub fn view_for(&self, actor: &Actor) -> TicketView {
        let mut view = self.view();
        if !actor.is_staff() {
            view.tags = Vec::new();
            view.team = None;
            view.snoozed_until = None;
            view.snooze_slack_minutes = None;
            view.sla_due_at = None;
        }
        view
    }
}
