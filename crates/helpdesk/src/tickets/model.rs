//! What a ticket is; no I/O.

use chrono::{DateTime, Duration, Utc};
use kamhub_kernel::Actor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::state::Status;
use crate::category::Category;
use crate::ids::{AgentId, AttachmentId, CustomerId, TicketEventId, TicketId};

kamhub_kernel::wire_enum! {
    /// How urgent a ticket is (contract, section 2).
    pub enum Priority {
        /// Can wait.
        Low = "low",
        /// As usual.
        Medium = "medium",
        /// Soon.
        High = "high",
        /// Now.
        Urgent = "urgent",
        /// Drop everything.
        Critical = "critical",
    }
}

impl Priority {
    /// How long a waiting ticket of this priority may be overtaken: its place in the queue is its
    /// creation plus this span, so that low priority waits longer and still never starves.
    pub fn queue_span(self) -> Duration {
        match self {
            Self::Critical => Duration::minutes(15),
            Self::Urgent => Duration::hours(1),
            Self::High => Duration::hours(4),
            Self::Medium => Duration::hours(24),
            Self::Low => Duration::hours(72),
        }
    }
}

kamhub_kernel::wire_enum! {
    /// How a ticket came in.
    pub enum Channel {
        /// A program, or nobody in particular, over the API.
        Api = "api",
        /// The help centre.
        Web = "web",
        /// E-mail.
        Email = "email",
        /// History taken over from elsewhere.
        Import = "import",
        /// An agent wrote it down.
        Agent = "agent",
    }
}

/// A file that is named in a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketAttachment {
    /// The file's name.
    #[schema(examples("voucher.pdf"))]
    pub file_name: String,
    /// Where it is.
    #[schema(examples("https://kamhub.example/files/voucher.pdf"))]
    pub file_url: String,
    /// Its media type.
    #[schema(examples("application/pdf"))]
    pub file_type: Option<String>,
    /// The file, where it was uploaded here; `fileUrl` then asks for credentials or a signed link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment_id: Option<AttachmentId>,
}

/// A ticket as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Ticket {
    /// The id.
    pub id: TicketId,
    /// `TKT-` and digits.
    pub ticket_number: String,
    /// What it is about, in one line.
    pub subject: String,
    /// What was written first.
    pub description: String,
    /// The platform's customer number: a claim unless there is a requester.
    pub customer_id: Option<i64>,
    /// Who asks, as given.
    pub customer_name: String,
    /// Where answers go, as given.
    pub customer_email: String,
    /// The customer who is known to ask.
    pub requester_id: Option<CustomerId>,
    /// Whether the address is only what that customer says.
    pub address_claimed: bool,
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
    /// The team.
    pub team: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The files.
    pub attachments: sqlx::types::Json<Vec<TicketAttachment>>,
    /// The platform's booking number.
    pub related_booking_id: Option<i64>,
    /// The platform's order number.
    pub related_order_id: Option<i64>,
    /// How it was solved.
    pub resolution: Option<String>,
    /// Grows with each change.
    pub version: i32,
    /// Until when it is out of sight.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// How near a deadline ends that earlier, in minutes.
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
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The earliest deadline of its running clocks, as they keep it.
    pub sla_due_at: Option<DateTime<Utc>>,
}

/// What others have to know of a ticket to say something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The id.
    pub id: TicketId,
    /// `TKT-` and digits.
    pub ticket_number: String,
    /// What it is about, in one line.
    pub subject: String,
    /// The category.
    pub category: Category,
    /// The priority.
    pub priority: Priority,
    /// The state.
    pub status: Status,
    /// Who works on it.
    pub agent_id: Option<AgentId>,
    /// The team.
    pub team: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The earliest deadline of its running clocks.
    pub sla_due_at: Option<DateTime<Utc>>,
}

/// A ticket as its customer finds it in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketInShort {
    /// The id.
    pub id: TicketId,
    /// The number.
    pub number: String,
    /// What it is about.
    pub subject: String,
    /// Who asks.
    pub customer_name: String,
    /// The state.
    pub status: Status,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A ticket that is about to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTicket {
    /// What it is about, in one line.
    pub subject: String,
    /// What was written first.
    pub description: String,
    /// The platform's customer number.
    pub customer_id: Option<i64>,
    /// Who asks.
    pub customer_name: String,
    /// Where answers go.
    pub customer_email: String,
    /// The customer who is known to ask.
    pub requester_id: Option<CustomerId>,
    /// Whether the address is only what that customer says.
    pub address_claimed: bool,
    /// The category.
    pub category: Category,
    /// The priority.
    pub priority: Priority,
    /// How it came in.
    pub channel: Channel,
    /// The team.
    pub team: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The files.
    pub attachments: Vec<TicketAttachment>,
    /// The platform's booking number.
    pub related_booking_id: Option<i64>,
    /// The platform's order number.
    pub related_order_id: Option<i64>,
    /// The closed ticket that it continues.
    pub follow_up_of_id: Option<TicketId>,
    /// The ticket that it was split from.
    pub split_from_id: Option<TicketId>,
    /// Whether it begins with what the customer wrote; otherwise an agent wrote it down, and nobody
    /// waits for a first response.
    pub by_customer: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl NewTicket {
    /// Its place in the queue of waiting tickets, by priority or by its deadline.
    pub fn place_in_queue(&self, due: Option<DateTime<Utc>>) -> DateTime<Utc> {
        place_in_queue(self.created_at, self.priority, due)
    }
}

fn place_in_queue(
    created_at: DateTime<Utc>,
    priority: Priority,
    due: Option<DateTime<Utc>>,
) -> DateTime<Utc> {
    let by_priority = created_at + priority.queue_span();
    due.map_or(by_priority, |due| due.min(by_priority))
}

impl Ticket {
    /// What others have to know of it.
    pub fn head(&self) -> Head {
        Head {
            id: self.id,
            ticket_number: self.ticket_number.clone(),
            subject: self.subject.clone(),
            category: self.category,
            priority: self.priority,
            status: self.status,
            agent_id: self.agent_id,
            team: self.team.clone(),
            created_at: self.created_at,
            sla_due_at: self.sla_due_at,
        }
    }

    /// The agent whose open work this ticket is, if any (semantics, section 2).
    pub fn worked_on_by(&self) -> Option<AgentId> {
        let counts = self.status.is_open_work()
            && self.deleted_at.is_none()
            && self.merged_into_id.is_none();
        self.agent_id.filter(|_| counts)
    }

    /// Whether it waits for an agent.
    pub fn waits(&self) -> bool {
        self.agent_id.is_none()
            && self.status.is_open_work()
            && self.deleted_at.is_none()
            && self.merged_into_id.is_none()
    }

    /// Takes the ticket into a state that was found possible, with what goes with it.
    pub fn enter(&mut self, status: Status, now: DateTime<Utc>) {
        self.status = status;
        match status {
            Status::Resolved => self.resolved_at = Some(now),
            Status::Closed => self.closed_at = Some(now),
            Status::Reopened => {
                self.reopened_count += 1;
                self.resolved_at = None;
                self.closed_at = None;
            }
            _ => {}
        }
        if !status.is_open_work() {
            self.wake();
        }
    }

    /// Brings the ticket back into sight.
    pub fn wake(&mut self) {
        self.snoozed_until = None;
        self.snooze_slack_minutes = None;
    }

    /// Its place in the queue of waiting tickets: creation plus the span of its priority, or its
    /// deadline where that is earlier.
    pub fn place_in_queue(&self) -> DateTime<Utc> {
        place_in_queue(self.created_at, self.priority, self.sla_due_at)
    }

    /// Whether the actor may see the ticket by what it says itself. A link opens more than its ticket:
    /// see [`reach`](super::service::reach).
    pub(super) fn is_visible_to(&self, actor: &Actor) -> bool {
        match actor {
            Actor::User { .. } | Actor::Service { .. } | Actor::System { .. } => true,
            Actor::Customer { only_ticket: Some(only), .. } => *only == self.id.0,
            Actor::Customer { id, only_ticket: None, .. } => self.requester_id == Some(*id),
            Actor::Anonymous { .. } => false,
        }
    }
}

/// The fields that differ, as they were and as they are: what a ticket event keeps.
pub fn difference(before: &Ticket, after: &Ticket) -> Option<(Value, Value)> {
    let fields = |ticket: &Ticket| {
        let mut view = serde_json::to_value(ticket.view()).unwrap_or_default();
        if let Some(fields) = view.as_object_mut() {
            for told_elsewhere in ["version", "updatedAt", "assignedTo", "slaDueAt"] {
                fields.remove(told_elsewhere);
            }
            fields.insert("deletedAt".to_owned(), serde_json::json!(ticket.deleted_at));
        }
        view
    };
    let (old, new) = (fields(before), fields(after));
    let mut was = Map::new();
    let mut is = Map::new();
    for (name, value) in new.as_object().into_iter().flatten() {
        let earlier = old.get(name).cloned().unwrap_or_default();
        if earlier != *value {
            was.insert(name.clone(), earlier);
            is.insert(name.clone(), value.clone());
        }
    }
    if is.is_empty() { None } else { Some((Value::Object(was), Value::Object(is))) }
}

/// An entry of a ticket's timeline, as far as it matters to listeners.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What happened.
    pub kind: String,
    /// When it was written down.
    pub occurred_at: DateTime<Utc>,
    /// Before and after, and what belongs to it.
    pub data: Value,
}

/// An entry of a ticket's timeline: what happened, who did it, when, before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// The id, growing with time within a ticket.
    pub id: TicketEventId,
    /// What happened.
    pub kind: String,
    /// The kind of actor.
    pub actor_kind: String,
    /// The actor within the kind.
    pub actor_id: Option<i64>,
    /// The actor's name at that time.
    pub actor_name: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Before and after, and what belongs to it.
    pub data: Value,
}
