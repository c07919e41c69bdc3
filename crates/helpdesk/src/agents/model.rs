//! What an agent is, and when one is available; no I/O.

use std::borrow::Cow;

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

pub use super::decision::{Chosen, Decision, NotChosen, Reason};
use crate::calendars::working_hours::is_within;
use crate::category::Category;
use crate::ids::{AgentId, PlatformUserId, UserId};

/// The most tickets in work at once where nothing else was said (contract, section 2).
pub const DEFAULT_CAPACITY: i32 = 5;

kamhub_kernel::wire_enum! {
    /// Whether an agent takes tickets.
    pub enum AgentStatus {
        /// Takes tickets.
        Online = "online",
        /// Away for a moment.
        Away = "away",
        /// At work, but takes no more tickets.
        Busy = "busy",
        /// Not at work.
        Offline = "offline",
    }
}

/// A time on the wall, to the minute: `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourMinute(pub NaiveTime);

impl HourMinute {
    /// Reads `HH:MM`, 00:00 to 23:59.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok()).flatten();
        let (hour, minute) = text.split_once(':')?;
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
            return None;
        }
        NaiveTime::from_hms_opt(digits(hour)?, digits(minute)?, 0).map(Self)
    }
}

impl Serialize for HourMinute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%H:%M"))
    }
}

impl<'de> Deserialize<'de> for HourMinute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("must be a time like 09:00, 00:00 to 23:59"))
    }
}

impl ToSchema for HourMinute {}

impl PartialSchema for HourMinute {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"))
            .description(Some("A time on the wall of the agent's zone, HH:MM"))
            .examples([serde_json::json!("09:00")])
            .into()
    }
}

/// The daily shift of an agent, on the wall of the agent's own zone. It includes its first minute
/// and excludes its last; `start` after `end` is a night shift, both equal is the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkingHours {
    /// When the shift begins.
    pub start: HourMinute,
    /// When it ends.
    pub end: HourMinute,
}

impl WorkingHours {
    /// From two columns that are set together or not at all.
    pub fn from_times(start: Option<NaiveTime>, end: Option<NaiveTime>) -> Option<Self> {
        Some(Self { start: HourMinute(start?), end: HourMinute(end?) })
    }
}

/// A time zone by its IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| {
            serde::de::Error::custom("must be an IANA time zone, for example Asia/Kamchatka")
        })
    }
}

/// What is known of an agent and may be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The platform's number of the person.
    pub user_id: Option<PlatformUserId>,
    /// The address, unique among agents regardless of case.
    pub email: String,
    /// The name that customers see.
    pub name: String,
    /// The team.
    pub team: Option<String>,
    /// What the agent knows; at least one, none twice.
    pub specialization: Vec<Category>,
    /// Where the agent's clock hangs on the wall.
    pub timezone: Zone,
    /// The daily shift; none means always.
    pub working_hours: Option<WorkingHours>,
    /// The most tickets in work at once, 1 to 50.
    pub max_concurrent_tickets: i32,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// The agent.
    pub id: AgentId,
    /// The platform's number of the person.
    #[schema(examples("501"))]
    pub user_id: Option<PlatformUserId>,
    /// The address.
    #[schema(examples("anna@kamhub.example"))]
    pub email: String,
    /// The name that customers see.
    #[schema(examples("Анна Лебедева"))]
    pub name: String,
    /// The team.
    #[schema(examples("Bookings"))]
    pub team: Option<String>,
    /// What the agent knows.
    #[schema(examples(json!(["booking", "refund"])))]
    pub specialization: Vec<Category>,
    /// The zone of the working hours, an IANA name.
    #[schema(examples("Asia/Kamchatka"))]
    pub timezone: String,
    /// The daily shift; null means always.
    pub working_hours: Option<WorkingHours>,
    /// The most tickets in work at once.
    #[schema(minimum = 1, maximum = 50, examples(5))]
    pub max_concurrent_tickets: i32,
    /// Whether the agent takes tickets.
    pub status: AgentStatus,
    /// Since when.
    pub status_changed_at: DateTime<Utc>,
    /// Tickets in work now: open, in progress or reopened.
    #[schema(minimum = 0, examples(2))]
    pub current_tickets: i32,
    /// Whether a ticket of the agent's categories could be given to them now: online, within
    /// working hours, below capacity.
    pub available: bool,
    /// When the agent was created.
    pub created_at: DateTime<Utc>,
    /// When the agent was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Agent {
    /// The part that may be changed. A stored zone that this build does not know reads as UTC.
    pub fn profile(&self) -> Profile {
        Profile {
            user_id: self.user_id,
            email: self.email.clone(),
            name: self.name.clone(),
            team: self.team.clone(),
            specialization: self.specialization.clone(),
            timezone: Zone(self.timezone.parse().unwrap_or(Tz::UTC)),
            working_hours: self.working_hours,
            max_concurrent_tickets: self.max_concurrent_tickets,
        }
    }
}

/// Whether somebody with these hours in this zone is at work at `now`. Without hours it is always
/// so. A stored zone that this build does not know makes nobody available: a wrong guess would
/// give work to somebody who sleeps.
pub fn at_work(hours: Option<WorkingHours>, zone: &str, now: DateTime<Utc>) -> bool {
    let Some(hours) = hours else { return true };
    zone.parse::<Tz>().is_ok_and(|zone| is_within(hours.start.0, hours.end.0, zone, now))
}

/// How an agent is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The agent.
    pub id: AgentId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The account by which they sign in.
    pub account: Option<UserId>,
    /// The team.
    pub team: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(start: &str, end: &str) -> Option<WorkingHours> {
        Some(WorkingHours {
            start: HourMinute::parse(start).unwrap(),
            end: HourMinute::parse(end).unwrap(),
        })
    }

    #[test]
    fn a_time_is_two_digits_a_colon_and_two_digits() {
        for text in ["00:00", "09:05", "23:59"] {
            let time = HourMinute::parse(text).unwrap();
            assert_eq!(serde_json::to_value(time).unwrap(), text);
        }
        for text in ["24:00", "9:00", "09:60", "09:5", "+9:00", "09:00:00", "0900", ""] {
            assert_eq!(HourMinute::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hours_are_read_on_the_wall_of_the_agents_own_zone() {
        // Monday 15:00 in Kamchatka, 06:00 in Moscow.
        let now = "2026-03-02T03:00:00Z".parse().unwrap();
        assert!(at_work(hours("09:00", "18:00"), "Asia/Kamchatka", now));
        assert!(!at_work(hours("09:00", "18:00"), "Europe/Moscow", now));
        assert!(at_work(hours("22:00", "07:00"), "Europe/Moscow", now));
        assert!(at_work(None, "Europe/Moscow", now));
    }

    #[test]
    fn a_stored_zone_that_nobody_knows_makes_nobody_available() {
        let now = "2026-03-02T03:00:00Z".parse().unwrap();
        assert!(!at_work(hours("00:00", "00:00"), "Mars/Olympus", now));
    }
}
