//! `GET` and `PUT /api/support/notifications/preferences`: what the caller wants to be told.

use std::collections::BTreeMap;

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::person;
use crate::agents::model::{HourMinute, Zone};
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::language::Language;
use crate::notifications::model::{DeliveryChannel, NotificationKind, Preferences, QuietHours};
use crate::notifications::service::preferences as service;

/// By which channels something is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChannelChoice {
    /// By mail.
    #[schema(examples(true))]
    pub email: bool,
    /// In the inbox.
    #[schema(examples(true))]
    pub dashboard: bool,
}

impl Default for ChannelChoice {
    fn default() -> Self {
        Self { email: true, dashboard: true }
    }
}

/// A part of each day in the person's zone; it may pass midnight.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct QuietHoursChoice {
    /// When mail begins to wait.
    from: HourMinute,
    /// When it goes out.
    to: HourMinute,
}

/// What a person wants to be told, how and when.
#[derive(Debug, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NotificationPreferences {
    /// The language of mail and inbox; the desk's where none is given.
    #[garde(skip)]
    language: Option<Language>,
    /// The zone of the quiet hours and of times in mail, an IANA name; UTC where none is given.
    #[garde(skip)]
    #[schema(value_type = Option<String>, examples("Asia/Kamchatka"))]
    timezone: Option<Zone>,
    /// When mail waits; null means never.
    #[garde(inner(custom(some_time)))]
    quiet_hours: Option<QuietHoursChoice>,
    /// Whether escalations are mailed in quiet hours too.
    #[garde(skip)]
    #[schema(examples(true))]
    escalations_break_quiet_hours: bool,
    /// By which channels each kind of notification comes; both where a kind is left out. The kinds:
    /// ticket_assigned, customer_message, sla_warning, sla_breach, sla_escalation, delivery_failed.
    #[garde(custom(known_kinds))]
    #[schema(examples(json!({"customer_message": {"email": false, "dashboard": true}})))]
    channels: BTreeMap<String, ChannelChoice>,
}

fn some_time(hours: &QuietHoursChoice, (): &()) -> garde::Result {
    if hours.from.0 == hours.to.0 {
        return Err(garde::Error::new("must not begin and end at the same time"));
    }
    Ok(())
}

/// A kind that people can choose about.
fn kind_of(word: &str) -> Option<NotificationKind> {
    word.parse().ok().filter(|kind| NotificationKind::FOR_STAFF.contains(kind))
}

fn known_kinds(channels: &BTreeMap<String, ChannelChoice>, (): &()) -> garde::Result {
    if channels.keys().all(|word| kind_of(word).is_some()) {
        return Ok(());
    }
    let known: Vec<_> = NotificationKind::FOR_STAFF.iter().map(|kind| kind.as_str()).collect();
    Err(garde::Error::new(format!("knows {} and nothing else", known.join(", "))))
}

impl NotificationPreferences {
    fn of(preferences: &Preferences, default: Language) -> Self {
        let wants = |kind, channel| preferences.wants(kind, channel);
        let choice = |kind: &NotificationKind| ChannelChoice {
            email: wants(*kind, DeliveryChannel::Email),
            dashboard: wants(*kind, DeliveryChannel::Dashboard),
        };
        let channels =
            NotificationKind::FOR_STAFF.iter().map(|kind| (kind.to_string(), choice(kind)));
        Self {
            language: Some(preferences.language.unwrap_or(default)),
            timezone: Some(Zone(preferences.timezone)),
            quiet_hours: preferences.quiet_hours.map(|hours| QuietHoursChoice {
                from: HourMinute(hours.from),
                to: HourMinute(hours.to),
            }),
            escalations_break_quiet_hours: preferences.escalations_break_quiet,
            channels: channels.collect(),
        }
    }

    /// The choice as it is kept; validation has seen it.
    fn preferences(&self) -> Preferences {
        let mut muted = Vec::new();
        for (word, choice) in &self.channels {
            let Some(kind) = kind_of(word) else { continue };
            let channels = [
                (DeliveryChannel::Email, choice.email),
                (DeliveryChannel::Dashboard, choice.dashboard),
            ];
            let off = channels.into_iter().filter(|(_, on)| !on);
            muted.extend(off.map(|(channel, _)| (kind, channel)));
        }
        let quiet_hours =
            self.quiet_hours.map(|hours| QuietHours { from: hours.from.0, to: hours.to.0 });
        Preferences {
            language: self.language,
            timezone: self.timezone.map_or(chrono_tz::Tz::UTC, |zone| zone.0),
            quiet_hours,
            escalations_break_quiet: self.escalations_break_quiet_hours,
            muted,
        }
    }
}

/// Read what I want to be told
#[utoipa::path(
    get, path = "/api/support/notifications/preferences",
    operation_id = "notification_preferences_read", tag = "notifications",
    responses((status = 200, description = "The preferences, complete",
        body = Envelope<NotificationPreferences>)),
)]
pub async fn read(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Answer> {
    let user = person(&actor)?;
    let mut connection = app.db.connection().await?;
    let preferences = service::read(&mut connection, user).await?;
    let language = app.settings.outlets.language;
    Ok(Answer::ok(NotificationPreferences::of(&preferences, language)))
}

/// Say what I want to be told
///
/// Replaces everything: what is left out goes back to its default. It counts for what happens from now on.
#[utoipa::path(
    put, path = "/api/support/notifications/preferences",
    operation_id = "notification_preferences_replace", tag = "notifications",
    request_body(content = NotificationPreferences, example = json!({
        "language": "en", "timezone": "Asia/Kamchatka", "quietHours": {"from": "22:00", "to": "08:00"},
        "escalationsBreakQuietHours": true,
        "channels": {"customer_message": {"email": false, "dashboard": true}}
    })),
    responses((status = 200, description = "The preferences as they are now",
        body = Envelope<NotificationPreferences>)),
)]
pub async fn replace(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<NotificationPreferences>,
) -> ApiResult<Answer> {
    let user = person(&actor)?;
    let preferences = body.value.preferences();
    let default = app.settings.outlets.language;
    let language = preferences.language.unwrap_or(default);
    let mut tx = app.db.begin().await?;
    service::replace(&mut tx, &*app.clock, user, &preferences, language).await?;
    tx.commit().await?;
    Ok(Answer::ok(NotificationPreferences::of(&preferences, default)))
}
