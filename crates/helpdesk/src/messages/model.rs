//! What a message is; no I/O.

use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use crate::ids::{AttachmentId, MessageId, TicketId};
use crate::tickets::service::conversation::Turn;

kamhub_kernel::wire_enum! {
    /// Who speaks (contract, section 2).
    pub enum SenderType {
        /// The customer.
        Customer = "customer",
        /// Somebody of the desk.
        Agent = "agent",
        /// A program, for nobody in particular.
        System = "system",
    }
}

/// A file that is named in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MessageAttachment)]
pub struct Attachment {
    /// Where it is.
    #[schema(examples("https://kamhub.example/files/voucher.pdf"))]
    pub url: String,
    /// The file's name.
    #[schema(examples("voucher.pdf"))]
    pub name: String,
    /// The file, where it was uploaded here; `url` then asks for credentials or a signed link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment_id: Option<AttachmentId>,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The id.
    pub id: MessageId,
    /// The ticket that it is in.
    pub ticket_id: TicketId,
    /// Who speaks.
    pub sender_type: SenderType,
    /// The agent or the customer, where there is one.
    pub sender_id: Option<i64>,
    /// The sender's name.
    pub sender_name: String,
    /// The text.
    pub message: String,
    /// The files.
    pub attachments: Json<Vec<Attachment>>,
    /// A note of the desk to itself.
    pub is_internal: bool,
    /// Written by a program.
    pub is_automatic: bool,
    /// 1 to 5, from the customer.
    pub rating: Option<i16>,
    /// What the customer says to it.
    pub rating_comment: Option<String>,
    /// When it was rated.
    pub rated_at: Option<DateTime<Utc>>,
    /// Where it was written, when a merge or a split moved it.
    pub original_ticket_id: Option<TicketId>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// What there is to know of a message beside what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The id.
    pub id: MessageId,
    /// Who speaks.
    pub sender_type: SenderType,
    /// A note of the desk to itself.
    pub is_internal: bool,
    /// Written by a program.
    pub is_automatic: bool,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// A message that is about to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The ticket that it goes into.
    pub ticket_id: TicketId,
    /// Who speaks.
    pub sender: Sender,
    /// The text.
    pub message: String,
    /// The files.
    pub attachments: Vec<Attachment>,
    /// A note of the desk to itself.
    pub is_internal: bool,
    /// Written by a program.
    pub is_automatic: bool,
    /// The merged ticket that it was written to.
    pub original_ticket_id: Option<TicketId>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The side.
    pub kind: SenderType,
    /// The agent or the customer, where there is one.
    pub id: Option<i64>,
    /// The name.
    pub name: String,
}

impl Message {
    /// Whose turn it was: notes, programs and automatic answers are nobody's (semantics, section 1).
    pub fn turn(&self) -> Turn {
        match self.sender_type {
            _ if self.is_internal || self.is_automatic => Turn::Neither,
            SenderType::Customer => Turn::Customer,
            SenderType::Agent => Turn::Agent,
            SenderType::System => Turn::Neither,
        }
    }

    /// The message as staff see it.
    pub fn view(&self) -> MessageView {
        MessageView {
            id: self.id,
            ticket_id: self.ticket_id,
            sender_type: self.sender_type,
            sender_id: self.sender_id.map(|id| id.to_string()),
            sender_name: self.sender_name.clone(),
            message: self.message.clone(),
            attachments: self.attachments.0.clone(),
            is_internal: self.is_internal,
            is_automatic: self.is_automatic,
            rating: self.rating,
            rating_comment: self.rating_comment.clone(),
            rated_at: self.rated_at,
            original_ticket_id: self.original_ticket_id,
            created_at: self.created_at,
        }
    }

    /// The message as the actor may see it: customers learn an agent's name, not the id.
    pub fn view_for(&self, actor: &Actor) -> MessageView {
        let mut view = self.view();
        if !actor.is_staff() && self.sender_type != SenderType::Customer {
            view.sender_id = None;
        }
        view
    }
}

/// A message on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
pub struct MessageView {
    /// The id.
    pub id: MessageId,
    /// The ticket that it is in: after a merge, the one that goes on.
    pub ticket_id: TicketId,
    /// Who speaks.
    pub sender_type: SenderType,
    /// The agent or the customer, where there is one; customers do not learn an agent's.
    #[schema(examples("7"))]
    pub sender_id: Option<String>,
    /// The sender's name.
    #[schema(examples("Анна Лебедева"))]
    pub sender_name: String,
    /// The text.
    #[schema(examples("The second charge was refunded today."))]
    pub message: String,
    /// The files.
    pub attachments: Vec<Attachment>,
    /// A note of the desk to itself; customers never get one.
    pub is_internal: bool,
    /// Written by a program.
    pub is_automatic: bool,
    /// 1 to 5, from the customer.
    #[schema(minimum = 1, maximum = 5, examples(5))]
    pub rating: Option<i16>,
    /// What the customer says to it.
    #[schema(examples("Quick and clear, thank you!"))]
    pub rating_comment: Option<String>,
    /// When it was rated.
    pub rated_at: Option<DateTime<Utc>>,
    /// Where it was written, when a merge or a split moved it.
    pub original_ticket_id: Option<TicketId>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Which messages of a ticket an actor may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The ticket.
    pub ticket: TicketId,
    /// Notes too, and whatever a merge brought: for staff.
    pub everything: bool,
    /// What was written in the ticket itself.
    pub own: bool,
    /// What was written in these and moved here.
    pub from: Vec<TicketId>,
}

impl Scope {
    /// All of a ticket.
    pub fn everything(ticket: TicketId) -> Self {
        Self { ticket, everything: true, own: true, from: Vec::new() }
    }

    /// Whether the message is among them.
    pub fn includes(&self, message: &Message) -> bool {
        message.ticket_id == self.ticket
            && (self.everything
                || !message.is_internal
                    && message
                        .original_ticket_id
                        .map_or(self.own, |from| self.from.contains(&from)))
    }
}
