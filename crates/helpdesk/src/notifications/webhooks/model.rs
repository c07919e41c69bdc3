//! What a webhook is, and how what is sent to it is signed; no I/O.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kamhub_kernel::Clock;
use serde::Serialize;
use sha2::Sha256;
use utoipa::ToSchema;

use crate::events::EventType;
use crate::ids::{DeliveryId, WebhookId};
use crate::notifications::bus::model::matches;
use crate::notifications::model::DeliveryStatus;

/// The most endpoints: each event is held against all of them.
pub const ENDPOINTS_AT_MOST: i64 = 100;
/// How long a secret signs beside the one that replaced it.
pub const ROTATION: TimeDelta = TimeDelta::hours(24);
/// How long nothing but failures may come back before an endpoint is switched off.
pub const FAILING_AT_MOST: TimeDelta = TimeDelta::days(5);
/// What a test sends.
pub const TEST: &str = EventType::WebhookTest.as_str();

/// The bytes of a new secret; Standard Webhooks asks for 24 to 64.
const SECRET_BYTES: usize = 32;
/// How a secret is written.
const SECRET_PREFIX: &str = "whsec_";

kamhub_kernel::wire_enum! {
    /// Why the product has switched an endpoint off.
    pub enum DisabledReason {
        /// The receiver answered 410 Gone.
        Gone = "gone",
        /// For five days nothing but failures came back.
        Failing = "failing",
    }
}

kamhub_kernel::wire_enum! {
    /// Which deliveries are replayed.
    pub enum ReplayStatus {
        /// Those that were given up.
        Failed = "failed",
        /// Those that the receiver took, for receivers that lost them.
        Sent = "sent",
    }
}

/// A signing secret; never printed but by [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Secret {
    /// A new one that nobody can guess.
    pub fn new(clock: &dyn Clock) -> Self {
        let mut bytes = vec![0; SECRET_BYTES];
        clock.fill_random(&mut bytes);
        Self(bytes)
    }

    /// The bytes, for the database.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as receivers' libraries read it: shown once, when it is made.
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// One signature: `v1,` and the HMAC-SHA256 of id, time and body, joined by dots.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// The value of `webhook-signature`: one signature by each secret, the newest first.
pub fn signatures(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signed = secrets.iter().filter_map(|secret| secret.sign(id, timestamp, body));
    signed.collect::<Vec<_>>().join(" ")
}

/// An endpoint as it is stored, without its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The id.
    pub id: WebhookId,
    /// Where events are posted.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Which events: names or beginnings of names.
    pub events: Vec<String>,
    /// Whether it is called.
    pub active: bool,
    /// Until when the secret before the last rotation signs as well.
    pub previous_valid_until: Option<DateTime<Utc>>,
    /// Since when nothing but failures came back.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it last took an event, to the minute.
    pub last_success_at: Option<DateTime<Utc>>,
    /// When the product switched it off.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Why it did.
    pub disabled_reason: Option<DisabledReason>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Endpoint {
    /// Whether it is called for an event that happened at `at`.
    pub fn wants(&self, word: &str, at: DateTime<Utc>) -> bool {
        self.active
            && at >= self.created_at
            && self.events.iter().any(|filter| matches(filter, word))
    }

    /// The endpoint on the wire.
    pub fn view(&self, now: DateTime<Utc>) -> WebhookView {
        WebhookView {
            id: self.id,
            url: self.url.clone(),
            description: self.description.clone(),
            events: self.events.clone(),
            active: self.active,
            previous_secret_valid_until: self.previous_valid_until.filter(|until| *until > now),
            failing_since: self.failing_since,
            last_success_at: self.last_success_at,
            disabled_at: self.disabled_at,
            disabled_reason: self.disabled_reason,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// What may be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Where events are posted.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Which events.
    pub events: Vec<String>,
    /// Whether it is called.
    pub active: bool,
}

/// A filter as it is kept; `None` where it takes no event there is.
pub fn filter(given: &str) -> Option<String> {
    let filter = given.trim().to_ascii_lowercase();
    EventType::ALL.iter().any(|kind| matches(&filter, kind.as_str())).then_some(filter)
}

/// Filters as they are kept: in lower case, each once, without those that take no event there is.
pub fn filters(given: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for filter in given.iter().filter_map(|given| filter(given)) {
        if !kept.contains(&filter) {
            kept.push(filter);
        }
    }
    kept
}

/// A webhook on the wire.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// The id.
    pub id: WebhookId,
    /// Where events are posted.
    #[schema(examples("https://booking.example.com/hooks/support"))]
    pub url: String,
    /// What it is for.
    #[schema(examples("Booking: refunds"))]
    pub description: String,
    /// Which events: names (`ticket.created`), beginnings (`ticket.*`) or all (`*`).
    #[schema(examples(json!(["ticket.*", "feedback.created"])))]
    pub events: Vec<String>,
    /// Whether it is called.
    pub active: bool,
    /// Until when the secret before the last rotation signs as well; null where there is none.
    pub previous_secret_valid_until: Option<DateTime<Utc>>,
    /// Since when nothing but failures came back; null while it works.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it last took an event, to the minute.
    pub last_success_at: Option<DateTime<Utc>>,
    /// When the product switched it off itself; `active: true` switches it on again.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Why it did.
    pub disabled_reason: Option<DisabledReason>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A webhook with its secret: the only moment at which that is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub struct SecretView {
    /// The webhook.
    pub webhook: WebhookView,
    /// The secret that signs from now on, as Standard Webhooks' libraries read it.
    #[schema(examples("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="))]
    pub secret: String,
}

/// A delivery to a webhook on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// The id.
    pub id: DeliveryId,
    /// What the receiver knows it by: the header `webhook-id`, the same in every attempt.
    #[schema(examples("5f0c1b7e9a3d4c21-17"))]
    pub webhook_id: String,
    /// The event's name.
    #[schema(examples("ticket.created"))]
    pub event: String,
    /// The event's id in its envelope.
    #[schema(examples("4711"))]
    pub event_id: Option<String>,
    /// pending, retrying, sent or failed.
    pub status: DeliveryStatus,
    /// Attempts so far.
    #[schema(minimum = 0, examples(1))]
    pub attempts: i32,
    /// The status that the receiver answered last; null where none did.
    #[schema(minimum = 100, maximum = 999, examples(503))]
    pub response_status: Option<i16>,
    /// The beginning of that answer's body.
    #[schema(examples("maintenance until 12:00"))]
    pub response_body: Option<String>,
    /// What the last failed attempt said.
    #[schema(examples("answered 503"))]
    pub last_error: Option<String>,
    /// When it is tried next; null at its end, and while an earlier one of the same subject is under way.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When the receiver took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standards_own_example() {
        // From the specification's test vectors (standard-webhooks, libraries' tests).
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let body = br#"{"test": 2432232314}"#;
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret(vec![7; 32]);
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.reveal().len(), "whsec_".len() + 44);
    }

    #[test]
    fn filters_name_events_that_there_are() {
        let given = |words: &[&str]| {
            filters(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            given(&["Ticket.Created", " ticket.* ", "ticket.*"]),
            ["ticket.created", "ticket.*"]
        );
        for none in ["ticket.invented", "nothing.*", "", "ticket*"] {
            assert_eq!(filter(none), None, "{none}");
        }
    }
}
