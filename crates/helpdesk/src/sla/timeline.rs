//! What the timeline of a ticket says to its clocks. The same mapping serves the present, entry by
//! entry, and the whole, so that stored clocks can be made again from the timeline alone.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::happening::{Author, Happening};
use super::model::{Metric, Moment};
use super::terms::Phase;
use super::ticket::Versions;
use crate::ids::{CalendarId, CalendarVersionId, MessageId, PolicyId, PolicyVersionId, TicketId};
use crate::messages::model::SenderType;
use crate::tickets::model::Entry;
use crate::tickets::state::Status;

/// Terms were chosen.
pub const TERMS: &str = "sla_terms";
/// The calendar has a new version.
pub const CALENDAR: &str = "sla_calendar";
/// The policy was deactivated.
pub const POLICY_DEACTIVATED: &str = "sla_policy_deactivated";
/// What the timeline had not told: messages that a split or an unmerge brought, or that are older
/// than the timeline.
pub const MESSAGES: &str = "sla_messages";
/// Another ticket was merged into this one.
pub const ABSORBED: &str = "sla_absorbed";
/// A warning was given.
pub const WARNED: &str = "sla_warned";
/// A target was missed.
pub const BREACHED: &str = "sla_breached";
/// A violation was escalated.
pub const ESCALATED: &str = "sla_escalated";
/// A violation was acknowledged.
pub const ACKNOWLEDGED: &str = "sla_acknowledged";
/// There was no violation after all.
pub const WITHDRAWN: &str = "sla_withdrawn";
/// A reply could not be delivered.
pub const BOUNCED: &str = "message_bounced";
/// A reply that had bounced was delivered after all.
pub const DELIVERED: &str = "message_delivered";

/// Something that the timeline tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// When.
    pub moment: Moment,
    /// What.
    pub what: What,
    /// The message that it was, where it was one.
    pub message: Option<MessageId>,
}

/// What the timeline tells.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Something that needs nothing looked up.
    Happened(Happening),
    /// The ticket began, under these terms.
    Begun {
        /// Whether with something that the customer wrote.
        by_customer: bool,
        /// The terms, where there are any.
        versions: Option<Versions>,
    },
    /// Other terms apply.
    Terms(Versions),
    /// The calendar has this version now.
    Calendar(CalendarVersionId),
    /// Another ticket was merged into it.
    Absorbed {
        /// That ticket.
        from: TicketId,
        /// Since when its customer waits.
        since: Option<DateTime<Utc>>,
        /// Whether for the first response.
        never_answered: bool,
    },
    /// A warning was given.
    Warned {
        /// Of which metric.
        metric: Metric,
        /// Of which instance.
        number: u32,
        /// Which warning.
        step: usize,
    },
    /// A violation was escalated.
    Escalated {
        /// Of which metric.
        metric: Metric,
        /// Of which instance.
        number: u32,
        /// Which escalation.
        step: usize,
    },
    /// A violation was acknowledged.
    Acknowledged {
        /// Of which metric.
        metric: Metric,
        /// Of which instance.
        number: u32,
    },
}

/// A message as the timeline tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldMessage {
    message_id: MessageId,
    sender_type: SenderType,
    #[serde(default)]
    internal: bool,
    #[serde(default)]
    automatic: bool,
    created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldTerms {
    policy_id: Option<PolicyId>,
    policy_version_id: Option<PolicyVersionId>,
    calendar_id: Option<CalendarId>,
    calendar_version_id: Option<CalendarVersionId>,
    /// Where the clocks begin with these terms: whether by the customer, and when.
    by_customer: Option<bool>,
    at: Option<DateTime<Utc>>,
}

impl ToldTerms {
    fn versions(&self) -> Option<Versions> {
        Some(Versions {
            policy: self.policy_id?,
            policy_version: self.policy_version_id?,
            calendar: self.calendar_id?,
            calendar_version: self.calendar_version_id?,
        })
    }
}

#[derive(Deserialize)]
struct Of {
    metric: Metric,
    number: u32,
    #[serde(default)]
    step: usize,
}

/// Whether an entry, or what it undoes, makes everything be counted anew.
pub fn is_revision(entry: &Entry) -> bool {
    matches!(entry.kind.as_str(), "unmerged" | "split" | BOUNCED | DELIVERED)
}

/// What one entry says, by itself.
pub fn told(entry: &Entry) -> Vec<Told> {
    let moment = Moment::live(entry.occurred_at);
    let of = |make: fn(Of) -> What| read::<Of>(&entry.data).map(make);
    let what = match entry.kind.as_str() {
        "message" | "note" => {
            return read(&entry.data).map(|it| message(it, moment)).into_iter().collect();
        }
        MESSAGES => return messages(entry),
        TERMS => return terms(entry).into_iter().collect(),
        CALENDAR => entry_id(&entry.data, "calendarVersionId").map(What::Calendar),
        POLICY_DEACTIVATED => Some(What::Happened(Happening::PolicyDeactivated)),
        ABSORBED => entry_id(&entry.data, "ticketId").map(|from| What::Absorbed {
            from,
            since: entry.data.get("unansweredSince").and_then(read),
            never_answered: entry.data.get("neverAnswered").and_then(read).unwrap_or(false),
        }),
        WARNED => of(|of| What::Warned { metric: of.metric, number: of.number, step: of.step }),
        BREACHED => Some(What::Happened(Happening::Swept)),
        ESCALATED => {
            of(|of| What::Escalated { metric: of.metric, number: of.number, step: of.step })
        }
        ACKNOWLEDGED => of(|of| What::Acknowledged { metric: of.metric, number: of.number }),
        BOUNCED => entry_id(&entry.data, "messageId")
            .map(|MessageId(message)| What::Happened(Happening::Bounced { message })),
        DELIVERED => entry_id(&entry.data, "messageId")
            .map(|MessageId(message)| What::Happened(Happening::Delivered { message })),
        "deleted" => Some(What::Happened(Happening::Deleted)),
        "created" => return created(entry).into_iter().collect(),
        _ => return changes(entry, moment),
    };
    what.map(|what| Told { moment, what, message: None }).into_iter().collect()
}

/// A change of the ticket itself: a merge first, so that it cancels what its closing would fulfil.
fn changes(entry: &Entry, moment: Moment) -> Vec<Told> {
    let mut told = Vec::new();
    let happened = |happening| Told { moment, what: What::Happened(happening), message: None };
    if merges_away(entry) {
        told.push(happened(Happening::MergedAway));
    }
    if let Some(status) = entry.data.pointer("/after/status").and_then(read::<Status>) {
        told.push(happened(Happening::PhaseChanged(phase(status))));
    }
    told
}

fn merges_away(entry: &Entry) -> bool {
    let is_set = |path| entry.data.pointer(path).is_some_and(|value| !value.is_null());
    is_set("/after/mergedIntoId") && !is_set("/before/mergedIntoId")
}

/// What a ticket's state means to its clocks.
pub fn phase(status: Status) -> Phase {
    match status {
        Status::Open | Status::InProgress | Status::Reopened => Phase::Working,
        Status::WaitingCustomer => Phase::WaitingCustomer,
        Status::OnHold => Phase::OnHold,
        Status::Resolved | Status::Closed => Phase::Done,
    }
}

fn terms(entry: &Entry) -> Option<Told> {
    let told: ToldTerms = read(&entry.data)?;
    let versions = told.versions();
    let what = match told.by_customer {
        Some(by_customer) => What::Begun { by_customer, versions },
        None => What::Terms(versions?),
    };
    let at = told.at.unwrap_or(entry.occurred_at);
    Some(Told { moment: Moment { at, recorded_at: entry.occurred_at }, what, message: None })
}

/// A ticket's creation, where it says what was promised: one that is older than the clocks does not.
fn created(entry: &Entry) -> Option<Told> {
    let terms: ToldTerms = read(entry.data.get("sla")?)?;
    let by_customer = entry.data.get("byCustomer").and_then(Value::as_bool).unwrap_or(true);
    let what = What::Begun { by_customer, versions: terms.versions() };
    let at = entry.data.get("createdAt").and_then(read).unwrap_or(entry.occurred_at);
    Some(Told { moment: Moment { at, recorded_at: entry.occurred_at }, what, message: None })
}

fn message(told: ToldMessage, recorded: Moment) -> Told {
    let ToldMessage { message_id, sender_type, internal, automatic, created_at } = told;
    let author = match sender_type {
        SenderType::Agent if automatic => Author::AutoReply,
        SenderType::Agent => Author::Person,
        SenderType::System | SenderType::Customer => Author::System,
    };
    let happening = match sender_type {
        SenderType::Customer => Happening::CustomerMessage { automatic },
        _ => Happening::Reply { message: message_id.0, author, internal },
    };
    let moment = Moment { at: created_at, recorded_at: recorded.recorded_at };
    Told { moment, what: What::Happened(happening), message: Some(message_id) }
}

fn messages(entry: &Entry) -> Vec<Told> {
    let listed = entry.data.get("messages").and_then(read::<Vec<ToldMessage>>);
    let moment = Moment::live(entry.occurred_at);
    listed.unwrap_or_default().into_iter().map(|it| message(it, moment)).collect()
}

/// What a whole timeline says, in the order in which it happened, without what was undone.
pub fn history(entries: &[Entry]) -> Vec<Told> {
    let mut items: Vec<(usize, Told)> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let undoes_itself = entry.data.pointer("/before/mergedIntoId").is_some();
        match entry.kind.as_str() {
            "unmerged" if undoes_itself => unmerge(&mut items),
            "unmerged" | "split" => take_back(&mut items, &entry.data),
            _ => items.extend(told(entry).into_iter().map(|told| (index, told))),
        }
    }
    // Stable: what happened at the same instant stays in the order of the timeline.
    items.sort_by_key(|(_, told)| (told.moment.at, !matches!(told.what, What::Begun { .. })));
    items.into_iter().map(|(_, told)| told).collect()
}

/// The merge of this ticket into another one never was.
fn unmerge(items: &mut Vec<(usize, Told)>) {
    let merged = |(_, told): &&(usize, Told)| told.what == What::Happened(Happening::MergedAway);
    if let Some(entry) = items.iter().rev().find(merged).map(|(entry, _)| *entry) {
        items.retain(|(index, _)| *index != entry);
    }
}

/// Messages went to another ticket, and what came with that ticket went with it.
fn take_back(items: &mut Vec<(usize, Told)>, data: &Value) {
    let went: HashSet<MessageId> = data.get("messageIds").and_then(read).unwrap_or_default();
    let other = entry_id::<TicketId>(data, "ticketId");
    let last = items.iter().rposition(
        |(_, told)| matches!(told.what, What::Absorbed { from, .. } if Some(from) == other),
    );
    if let Some(last) = last {
        items.remove(last);
    }
    items.retain(|(_, told)| told.message.is_none_or(|message| !went.contains(&message)));
}

/// The messages that a timeline tells of, whether they were taken back or not.
pub fn known_messages(entries: &[Entry]) -> HashSet<MessageId> {
    let all =
        entries.iter().filter(|entry| matches!(entry.kind.as_str(), "message" | "note" | MESSAGES));
    all.flat_map(told).filter_map(|told| told.message).collect()
}

/// A customer who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether for the first response.
    pub never_answered: bool,
}

/// Who waits for an answer, by what the timeline told. An answer that bounced is none.
pub fn waiting(told: &[Told]) -> Option<Waiting> {
    let mut lost = HashSet::new();
    for Told { what, .. } in told {
        match what {
            What::Happened(Happening::Bounced { message }) => lost.insert(*message),
            What::Happened(Happening::Delivered { message }) => lost.remove(message),
            _ => continue,
        };
    }
    let mut waiting: Option<Waiting> = None;
    for Told { moment, what, .. } in told {
        let (since, never_answered) = match what {
            What::Begun { by_customer: true, .. } => (moment.at, true),
            What::Happened(Happening::CustomerMessage { automatic: false }) => (moment.at, false),
            What::Absorbed { since: Some(since), never_answered, .. } => (*since, *never_answered),
            What::Happened(Happening::Reply {
                author: Author::Person,
                internal: false,
                message,
            }) if !lost.contains(message) => {
                waiting = None;
                continue;
            }
            _ => continue,
        };
        let before = waiting.unwrap_or(Waiting { since, never_answered });
        waiting = Some(Waiting {
            since: before.since.min(since),
            never_answered: before.never_answered || never_answered,
        });
    }
    waiting
}

/// The entry that says which terms were chosen.
pub fn terms_entry(versions: &Versions, reason: &str) -> Value {
    json!({
        "reason": reason,
        "policyId": versions.policy,
        "policyVersionId": versions.policy_version,
        "calendarId": versions.calendar,
        "calendarVersionId": versions.calendar_version,
    })
}

/// The same where clocks begin.
pub fn begin_entry(
    versions: Option<&Versions>,
    reason: &str,
    by_customer: bool,
    at: DateTime<Utc>,
) -> Value {
    let mut data = versions.map_or_else(|| json!({"reason": reason}), |it| terms_entry(it, reason));
    data["byCustomer"] = json!(by_customer);
    data["at"] = json!(at);
    data
}

fn entry_id<T: std::str::FromStr>(data: &Value, name: &str) -> Option<T> {
    data.get(name)?.as_str()?.parse().ok()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}
