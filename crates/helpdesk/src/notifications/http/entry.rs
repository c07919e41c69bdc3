//! An inbox entry and a receipt on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ids::{DeliveryId, InboxEntryId, TicketId};
use crate::notifications::model::{DeliveryChannel, DeliveryStatus, NotificationKind};
use crate::notifications::service::inbox::Entry;
use crate::notifications::service::receipts::Receipt;

/// An entry in the caller's inbox.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboxEntry {
    /// The id.
    pub id: InboxEntryId,
    /// What it tells.
    pub kind: NotificationKind,
    /// The ticket, where it is about one.
    pub ticket_id: Option<TicketId>,
    /// Its number.
    #[schema(examples("TKT-17"))]
    pub ticket_number: Option<String>,
    /// What the ticket is about.
    #[schema(examples("Payment failed"))]
    pub subject: Option<String>,
    /// Who wrote, or which channel failed.
    #[schema(examples("Ирина Соколова"))]
    pub author: Option<String>,
    /// What was written, or why a delivery failed.
    #[schema(examples("Is there any news?"))]
    pub text: Option<String>,
    /// Deadlines that are told together.
    pub deadlines: Vec<InboxDeadline>,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// When it was read; null for an unread one.
    pub read_at: Option<DateTime<Utc>>,
}

/// A deadline that is near or has passed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboxDeadline {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number.
    #[schema(examples("TKT-17"))]
    pub ticket_number: String,
    /// What the ticket is about.
    #[schema(examples("Payment failed"))]
    pub subject: Option<String>,
    /// sla_warning, sla_breach or sla_escalation.
    pub kind: NotificationKind,
    /// first_response, next_response or resolution.
    #[schema(examples("first_response"))]
    pub metric: String,
    /// The ticket's priority.
    #[schema(examples("high"))]
    pub priority: String,
    /// The deadline.
    pub due_at: DateTime<Utc>,
}

impl From<Entry> for InboxEntry {
    fn from(row: Entry) -> Self {
        let content = row.content.0;
        let (number, subject) =
            content.ticket.map_or((None, None), |ticket| (Some(ticket.number), ticket.subject));
        let deadlines = content.deadlines.into_iter().map(|deadline| InboxDeadline {
            ticket_id: deadline.ticket.id,
            ticket_number: deadline.ticket.number,
            subject: deadline.ticket.subject,
            kind: deadline.kind,
            metric: deadline.metric,
            priority: deadline.priority,
            due_at: deadline.due_at,
        });
        Self {
            id: row.id,
            kind: row.kind,
            ticket_id: row.ticket_id,
            ticket_number: number,
            subject,
            author: content.author,
            text: content.text,
            deadlines: deadlines.collect(),
            created_at: row.created_at,
            read_at: row.read_at,
        }
    }
}

/// What became of one message: was it sent, when, how often, and why not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationReceipt {
    /// The delivery; null for a notice that waits for the message that will tell it.
    pub id: Option<DeliveryId>,
    /// The name by which the receiver knows it: part of the Message-ID, or the webhook-id. Null where `id` is.
    #[schema(examples("3f1c9a7b5e2d4806-17"))]
    pub stable_id: Option<String>,
    /// The way.
    pub channel: DeliveryChannel,
    /// Where it goes: an address, a user's id, an endpoint's id or a hook's name.
    #[schema(examples("irina@example.com"))]
    pub destination: String,
    /// What it tells: a kind of notification, or the type of an event.
    #[schema(examples("agent_reply"))]
    pub kind: String,
    /// Where it is.
    pub status: DeliveryStatus,
    /// Attempts so far.
    #[schema(examples(1))]
    pub attempts: i32,
    /// What the last failed attempt said.
    #[schema(examples("450 4.2.1 mailbox busy"))]
    pub last_error: Option<String>,
    /// When the next attempt is due, or the message that tells it; null where there is none.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When the receiver took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// When its cause was written.
    pub created_at: DateTime<Utc>,
}

impl From<Receipt> for NotificationReceipt {
    fn from(row: Receipt) -> Self {
        Self {
            id: (!row.waiting).then_some(DeliveryId(row.number)),
            stable_id: row.stable_id,
            channel: row.channel,
            destination: row.destination,
            kind: row.kind,
            status: row.status,
            attempts: row.attempts,
            last_error: row.last_error,
            next_attempt_at: row.next_attempt_at,
            sent_at: row.sent_at,
            created_at: row.created_at,
        }
    }
}
