//! What a message says, whatever the channel; no I/O.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::preferences::NotificationKind;
use crate::ids::{CustomerId, MessageId, TicketId};
use crate::language::Language;

/// What a message says. It is fixed when its delivery is planned, so that each attempt says the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// What it tells.
    pub kind: NotificationKind,
    /// Its language; `None` means the desk's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The zone in which it names times, an IANA name; `None` means UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The reader's name, where it is known and not only claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<About>,
    /// The customer for whom a link to the ticket is signed when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Another address than the ticket's that the reader is asked to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Who wrote `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The message of the ticket that `text` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Deadlines that are told together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Deadline>,
}

impl Content {
    /// Nothing but its kind.
    pub fn of(kind: NotificationKind) -> Self {
        Self {
            kind,
            language: None,
            timezone: None,
            name: None,
            ticket: None,
            customer: None,
            link: None,
            author: None,
            text: None,
            message: None,
            deadlines: Vec::new(),
        }
    }
}

/// The ticket that a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The id.
    pub id: TicketId,
    /// The number.
    pub number: String,
    /// What it is about; `None` where the reader's address is only claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// A deadline that is near or has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// The ticket.
    pub ticket: About,
    /// `sla_warning`, `sla_breach` or `sla_escalation`.
    pub kind: NotificationKind,
    /// What is measured: `first_response`, `next_response` or `resolution`.
    pub metric: String,
    /// The ticket's priority.
    pub priority: String,
    /// The deadline.
    pub due_at: DateTime<Utc>,
}
