//! The words and values of deliveries; no I/O.

pub mod content;
pub mod preferences;
pub mod settings;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use content::{About, Content, Deadline};
pub use preferences::{NotificationKind, Preferences, QuietHours};

pub use settings::Outlets;

use crate::ids::{DeliveryId, TicketId};

kamhub_kernel::wire_enum! {
    /// By which way something leaves the desk.
    pub enum DeliveryChannel {
        /// An e-mail; the destination is an address.
        Email = "email",
        /// A Slack incoming webhook; the destination is the hook's name.
        Slack = "slack",
        /// The inbox in the console; the destination is a user's id.
        Dashboard = "dashboard",
        /// A webhook; the destination is an endpoint's id.
        Webhook = "webhook",
    }
}

kamhub_kernel::wire_enum! {
    /// Where a delivery is.
    pub enum DeliveryStatus {
        /// To be sent for the first time.
        Pending = "pending",
        /// The receiver took it.
        Sent = "sent",
        /// An attempt failed; the next one is planned.
        Retrying = "retrying",
        /// Given up: a dead letter, which an operator can replay.
        Failed = "failed",
    }
}

/// What is to leave the desk.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDelivery {
    /// The event that causes it, by its number in the outbox. Planning the same event for the same
    /// destination again changes nothing. `None` for what has several causes.
    pub event_id: Option<i64>,
    /// The ticket that it is about, for receipts.
    pub ticket_id: Option<TicketId>,
    /// The way.
    pub channel: DeliveryChannel,
    /// An address, a user's id, an endpoint's id or a hook's name; at most 300 characters.
    pub destination: String,
    /// Deliveries of one channel, destination and sequence (`tickets/17`) go out one after the
    /// other; `None` where order does not matter.
    pub sequence: Option<String>,
    /// What it tells, at most 100 characters: a kind of notification, or the type of an event.
    pub kind: String,
    /// What the channel's sender makes the message of.
    pub payload: Value,
    /// Not before this time; at once where there is none.
    pub not_before: Option<DateTime<Utc>>,
}

/// A delivery as its sender sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The id.
    pub id: DeliveryId,
    /// The same in every attempt and after a restore, and different in every installation: the
    /// receiver knows a repetition by it (`Message-ID`, `webhook-id`).
    pub stable_id: String,
    /// The event that causes it.
    pub event_id: Option<i64>,
    /// The ticket that it is about.
    pub ticket_id: Option<TicketId>,
    /// The way.
    pub channel: DeliveryChannel,
    /// Where it goes.
    pub destination: String,
    /// What it tells.
    pub kind: String,
    /// What the message is made of.
    pub payload: Value,
    /// Where it is.
    pub status: DeliveryStatus,
    /// What the last failed attempt said.
    pub last_error: Option<String>,
    /// When its cause was written.
    pub created_at: DateTime<Utc>,
}

/// What became of one attempt to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Sent,
    /// It may succeed later.
    Retry {
        /// What went wrong; shown to operators, so without secrets.
        why: String,
        /// The wait that the receiver asked for (`Retry-After`).
        after: Option<Duration>,
    },
    /// No attempt will ever succeed.
    Permanent {
        /// What went wrong.
        why: String,
    },
    /// It is not its turn yet; the attempt does not count.
    Later {
        /// When to come back.
        until: DateTime<Utc>,
    },
}

impl Outcome {
    /// A failure worth another attempt after the backoff.
    pub fn retry(why: impl std::fmt::Display) -> Self {
        Self::Retry { why: why.to_string(), after: None }
    }

    /// A failure that no further attempt can mend.
    pub fn permanent(why: impl std::fmt::Display) -> Self {
        Self::Permanent { why: why.to_string() }
    }
}

/// What is written down when an attempt has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Where the delivery is now.
    pub status: DeliveryStatus,
    /// Attempts so far.
    pub attempts: i32,
    /// What the last failed attempt said.
    pub error: Option<String>,
    /// When the next attempt is due.
    pub next_attempt_at: Option<DateTime<Utc>>,
}
