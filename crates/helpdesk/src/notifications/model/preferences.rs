//! What a person wants to be told, how and when; no I/O.

use chrono::{DateTime, Days, LocalResult, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::DeliveryChannel;
use crate::language::Language;

kamhub_kernel::wire_enum! {
    /// What a notification tells.
    pub enum NotificationKind {
        /// To the agent: a ticket is theirs now.
        TicketAssigned = "ticket_assigned",
        /// To the agent: the customer wrote.
        CustomerMessage = "customer_message",
        /// To the agent: a deadline comes near.
        SlaWarning = "sla_warning",
        /// To the agent, or to the supervisors: a deadline has passed.
        SlaBreach = "sla_breach",
        /// To whom the policy names: nobody has acknowledged a missed deadline.
        SlaEscalation = "sla_escalation",
        /// To administrators, and to the agent whose answer it was: something could not be delivered at all.
        DeliveryFailed = "delivery_failed",
        /// To the customer: the ticket came in.
        TicketReceived = "ticket_received",
        /// To the customer: an agent answered.
        AgentReply = "agent_reply",
        /// To the customer: the ticket is resolved.
        TicketResolved = "ticket_resolved",
        /// To the customer: how was it?
        FeedbackRequest = "feedback_request",
        /// To a customer who asked for it: the link to all their requests.
        RequestsLink = "requests_link",
    }
}

impl NotificationKind {
    /// What people of the desk are told, and can switch off.
    pub const FOR_STAFF: &'static [Self] = &[
        Self::TicketAssigned,
        Self::CustomerMessage,
        Self::SlaWarning,
        Self::SlaBreach,
        Self::SlaEscalation,
        Self::DeliveryFailed,
    ];
}

/// A part of each day, in the person's zone; it may pass midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// When it begins.
    pub from: NaiveTime,
    /// When it ends.
    pub to: NaiveTime,
}

/// A person's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// The language; `None` means the desk's.
    pub language: Option<Language>,
    /// The zone, an IANA name.
    pub timezone: Tz,
    /// When mail waits.
    pub quiet_hours: Option<QuietHours>,
    /// Whether escalations come through at any hour.
    pub escalations_break_quiet: bool,
    /// What is switched off.
    pub muted: Vec<(NotificationKind, DeliveryChannel)>,
}

impl Default for Preferences {
    /// Everything by every channel, at any hour.
    fn default() -> Self {
        Self {
            language: None,
            timezone: Tz::UTC,
            quiet_hours: None,
            escalations_break_quiet: false,
            muted: Vec::new(),
        }
    }
}

impl Preferences {
    /// Whether this person wants to be told this by this channel.
    pub fn wants(&self, kind: NotificationKind, channel: DeliveryChannel) -> bool {
        !self.muted.contains(&(kind, channel))
    }

    /// Until when a message of this kind that could go out at `now` has to wait; `None` where it may go.
    /// Only mail makes a noise: the inbox is looked at when its owner wants to.
    pub fn waits_until(
        &self,
        kind: NotificationKind,
        channel: DeliveryChannel,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let hours = self.quiet_hours.filter(|_| channel == DeliveryChannel::Email)?;
        if kind == NotificationKind::SlaEscalation && self.escalations_break_quiet {
            return None;
        }
        let local = now.with_timezone(&self.timezone);
        let time = local.time();
        let quiet = if hours.from <= hours.to {
            hours.from <= time && time < hours.to
        } else {
            time >= hours.from || time < hours.to
        };
        if !quiet {
            return None;
        }
        let today = local.date_naive();
        let day = if time < hours.to { today } else { today.checked_add_days(Days::new(1))? };
        self.instant(day.and_time(hours.to))
    }

    /// A wall time as an instant: one that is skipped shifts forward, of two the first counts.
    fn instant(&self, wall: chrono::NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.timezone.from_local_datetime(&wall) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
            LocalResult::None => {
                let before = self.timezone.from_local_datetime(&(wall - TimeDelta::hours(3)));
                Some(before.earliest()?.with_timezone(&Utc) + TimeDelta::hours(3))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 2, hour, minute, 0).unwrap()
    }

    fn quiet(from: u32, to: u32, timezone: Tz) -> Preferences {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let quiet_hours = Some(QuietHours { from: time(from), to: time(to) });
        Preferences { quiet_hours, timezone, ..Preferences::default() }
    }

    #[test]
    fn mail_waits_until_the_quiet_hours_end_in_the_persons_own_zone() {
        // Kamchatka is twelve hours ahead.
        let night = quiet(22, 8, Tz::Asia__Kamchatka);
        let until =
            |now| night.waits_until(NotificationKind::SlaBreach, DeliveryChannel::Email, now);
        assert_eq!(until(at(9, 59)), None);
        assert_eq!(until(at(10, 0)), Some(at(20, 0)));
        assert_eq!(until(at(19, 59)), Some(at(20, 0)));
        assert_eq!(until(at(20, 0)), None);
        let lunch = quiet(12, 13, Tz::UTC);
        assert_eq!(
            lunch.waits_until(NotificationKind::SlaBreach, DeliveryChannel::Email, at(12, 30)),
            Some(at(13, 0))
        );
        assert_eq!(
            lunch.waits_until(NotificationKind::SlaBreach, DeliveryChannel::Email, at(13, 0)),
            None
        );
    }

    #[test]
    fn the_inbox_never_waits_and_escalations_come_through_where_they_may() {
        let mut night = quiet(22, 8, Tz::UTC);
        assert_eq!(
            night.waits_until(NotificationKind::SlaBreach, DeliveryChannel::Dashboard, at(3, 0)),
            None
        );
        assert!(
            night
                .waits_until(NotificationKind::SlaEscalation, DeliveryChannel::Email, at(3, 0))
                .is_some()
        );
        night.escalations_break_quiet = true;
        assert_eq!(
            night.waits_until(NotificationKind::SlaEscalation, DeliveryChannel::Email, at(3, 0)),
            None
        );
        assert!(
            night
                .waits_until(NotificationKind::SlaBreach, DeliveryChannel::Email, at(3, 0))
                .is_some()
        );
    }

    #[test]
    fn quiet_hours_that_end_in_a_skipped_hour_end_when_the_clocks_have_moved() {
        let night = quiet(22, 2, Tz::Europe__Berlin);
        let now = Utc.with_ymd_and_hms(2026, 3, 29, 0, 30, 0).unwrap();
        let end = Utc.with_ymd_and_hms(2026, 3, 29, 1, 0, 0).unwrap();
        assert_eq!(
            night.waits_until(NotificationKind::SlaBreach, DeliveryChannel::Email, now),
            Some(end)
        );
    }
}
