//! Warnings and escalations in a body.

use garde::Validate;
use kamhub_httpkit::validate::between;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::sla::model::Metric;
use crate::sla::policies::model::{
    EscalationAction, EscalationStep, Recipient, WarnWhen, WarningStep,
};

/// The most minutes before or after a breach: 30 days.
const MINUTES_AT_MOST: u32 = 43_200;
/// The most whom one escalation names.
pub const RECIPIENTS_AT_MOST: usize = 20;

/// A warning before a breach: `percent` or `minutesBefore`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WarningInput {
    /// The clocks it is for; all where none is named.
    #[garde(skip)]
    #[schema(value_type = Option<String>, examples("resolution"))]
    metric: Option<Metric>,
    /// When so much of the target is used up, 1 to 99.
    #[garde(inner(custom(between(1, 99))), custom(one_of_two(self.minutes_before.is_some())))]
    #[schema(minimum = 1, maximum = 99, examples(80))]
    percent: Option<u8>,
    /// When so many minutes of open time are left, 1 to 43200.
    #[garde(inner(custom(between(1, MINUTES_AT_MOST))))]
    #[schema(minimum = 1, maximum = 43200)]
    minutes_before: Option<u32>,
}

fn one_of_two(other: bool) -> impl FnOnce(&Option<u8>, &()) -> garde::Result {
    move |percent, ()| {
        if percent.is_some() == other {
            return Err(garde::Error::new("Give either percent or minutesBefore"));
        }
        Ok(())
    }
}

impl WarningInput {
    /// The step; validation has seen one of the two.
    pub fn step(self) -> WarningStep {
        let when = match (self.percent, self.minutes_before) {
            (Some(percent), _) => WarnWhen::Percent(percent),
            (None, minutes) => WarnWhen::MinutesBefore(minutes.unwrap_or(1)),
        };
        WarningStep { metric: self.metric, when }
    }
}

/// What is done some time after a breach that nobody has acknowledged.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct EscalationInput {
    /// Minutes after the breach, 0 to 43200.
    #[garde(custom(given), inner(custom(between(0, MINUTES_AT_MOST))))]
    #[schema(required = true, value_type = u32, maximum = 43200, examples(30))]
    after_minutes: Option<u32>,
    /// Who is told: `assignee`, `team`, `supervisors`, or `user:` and an id. 1 to 20.
    #[serde(deserialize_with = "recipients")]
    #[garde(custom(somebody))]
    #[schema(required = true, value_type = Vec<String>, min_items = 1, max_items = 20,
        examples(json!(["assignee", "supervisors"])))]
    recipients: Vec<Recipient>,
    /// What is done beside telling them; nothing more where it is left out.
    #[garde(skip)]
    action: Option<EscalationAction>,
}

/// Reads all of them, so that every fault in them is one fault of this field.
fn recipients<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Recipient>, D::Error> {
    let Value::Array(words) = Value::deserialize(deserializer)? else {
        return Err(D::Error::custom("must be a list of words"));
    };
    let read = |word: &Value| match word.as_str() {
        Some(word) => word.parse().map_err(D::Error::custom),
        None => Err(D::Error::custom("must be a list of words")),
    };
    words.iter().map(read).collect()
}

fn given(value: &Option<u32>, _: &()) -> garde::Result {
    if value.is_some() { Ok(()) } else { Err(garde::Error::new("is required")) }
}

fn somebody(recipients: &[Recipient], _: &()) -> garde::Result {
    match recipients.len() {
        0 => Err(garde::Error::new("must name at least one")),
        1..=RECIPIENTS_AT_MOST => Ok(()),
        _ => Err(garde::Error::new(format!("must have at most {RECIPIENTS_AT_MOST} entries"))),
    }
}

impl EscalationInput {
    /// The step; whoever is named twice is told once.
    pub fn step(self) -> EscalationStep {
        let mut recipients = Vec::new();
        for recipient in self.recipients {
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        EscalationStep {
            after_minutes: self.after_minutes.unwrap_or(0),
            recipients,
            action: self.action.unwrap_or(EscalationAction::Notify),
        }
    }
}
