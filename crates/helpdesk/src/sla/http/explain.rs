//! `GET /api/support/tickets/{id}/sla`.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use kamhub_httpkit::{Answer, ApiResult, Envelope};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::{CalendarId, CalendarVersionId, MessageId, PolicyId, PolicyVersionId, TicketId};
use crate::sla::model::{BreachCause, CancelReason, ClockState, Metric};
use crate::sla::service::explain::{self, Explained, ExplainedClock};
use crate::sla::terms::Phase;
use crate::tickets::http::ticket_path::TicketPath;

/// What a ticket's deadlines are made of. A customer learns when to expect an answer, and no more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketSla {
    /// The ticket.
    pub ticket_id: TicketId,
    /// When the next answer is expected at the latest; none where nobody waits for one.
    pub expected_answer_at: Option<DateTime<Utc>>,
    /// When there is something to do next for one of the clocks: a warning, the deadline, an escalation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step_at: Option<DateTime<Utc>>,
    /// Each clock, in the order in which they started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocks: Option<Vec<ClockView>>,
}

/// What one deadline is made of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    /// What it measures.
    pub metric: Metric,
    /// Which instance of the metric.
    #[schema(examples(1))]
    pub number: u32,
    /// Where it is in its life.
    pub state: ClockState,
    /// The policy that it counts by, or counted by to its end.
    pub policy_id: PolicyId,
    /// That policy as it was then.
    pub policy_version_id: PolicyVersionId,
    /// Which edit of the policy that is, from 1.
    #[schema(examples(1))]
    pub policy_version: Option<u32>,
    /// The calendar in which time counts.
    pub calendar_id: CalendarId,
    /// That calendar as it was then.
    pub calendar_version_id: CalendarVersionId,
    /// The calendar's name now.
    #[schema(examples("Office hours"))]
    pub calendar_name: Option<String>,
    /// The calendar's time zone.
    #[schema(examples("Asia/Kamchatka"))]
    pub time_zone: Option<String>,
    /// The open time allowed, in seconds.
    #[schema(examples(14400))]
    pub target_seconds: u64,
    /// The open time used until now, or until its end, in seconds.
    #[schema(examples(3600))]
    pub consumed_seconds: u64,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When its start was recorded, where its history was imported.
    pub imported_at: Option<DateTime<Utc>>,
    /// Since when it is running.
    pub running_since: Option<DateTime<Utc>>,
    /// When the target runs out; none while it is paused.
    pub due_at: Option<DateTime<Utc>>,
    /// The last warning.
    pub warned_at: Option<DateTime<Utc>>,
    /// When the target ran out.
    pub breached_at: Option<DateTime<Utc>>,
    /// When that was noticed.
    pub detected_at: Option<DateTime<Utc>>,
    /// Why the target was missed.
    pub cause: Option<BreachCause>,
    /// When the violation was acknowledged.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When what it waits for happened.
    pub fulfilled_at: Option<DateTime<Utc>>,
    /// The message that it was, where it was one.
    pub fulfilled_by: Option<MessageId>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Why.
    pub cancel_reason: Option<CancelReason>,
    /// Each interval that has counted; their seconds add up to the time used.
    pub intervals: Vec<IntervalView>,
    /// Whether earlier intervals are left out.
    pub more_intervals: bool,
    /// When it did not run, and what the ticket's state was.
    pub pauses: Vec<PauseView>,
    /// Holidays and dates with hours of their own between its start and its deadline or end.
    pub holidays: Vec<HolidayView>,
    /// What changed it or was done about it: terms, calendars, warnings, breaches, escalations.
    pub changes: Vec<ChangeView>,
}

/// Open time that has counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntervalView {
    /// From.
    pub from: DateTime<Utc>,
    /// Up to, and not including.
    pub to: DateTime<Utc>,
    /// How long that is.
    #[schema(examples(3600))]
    pub seconds: u64,
}

/// A time in which a clock did not run.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseView {
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; not over yet where there is none.
    pub to: Option<DateTime<Utc>>,
    /// What the ticket's state was to its clocks.
    pub reason: Option<Phase>,
}

/// A date with hours of its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct HolidayView {
    /// The date, in the calendar's zone.
    #[schema(value_type = String, format = Date, examples("2026-01-01"))]
    pub date: NaiveDate,
    /// What people call it.
    #[schema(examples("Новый год"))]
    pub name: Option<String>,
    /// Whether nothing is open; otherwise it has other hours.
    pub closed: bool,
}

/// An entry of the timeline that concerns a clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// When.
    pub at: DateTime<Utc>,
    /// What: sla_terms, sla_calendar, sla_warned, sla_breached, sla_escalated, …
    #[serde(rename = "type")]
    #[schema(examples("sla_warned"))]
    pub kind: String,
    /// What belongs to it.
    #[schema(examples(json!({"metric": "first_response", "number": 1, "step": 0})))]
    pub data: serde_json::Value,
}

impl From<ExplainedClock> for ClockView {
    fn from(it: ExplainedClock) -> Self {
        let ExplainedClock { clock, kept, .. } = it;
        Self {
            state: clock.state(),
            metric: clock.metric,
            number: clock.number,
            policy_id: kept.versions.policy,
            policy_version_id: kept.versions.policy_version,
            policy_version: it.policy_number,
            calendar_id: kept.versions.calendar,
            calendar_version_id: kept.versions.calendar_version,
            calendar_name: it.calendar_name,
            time_zone: it.zone,
            target_seconds: clock.target.get(),
            consumed_seconds: it.consumed.get(),
            started_at: clock.started_at,
            imported_at: clock.imported_at,
            running_since: clock.running_since,
            due_at: clock.due_at,
            warned_at: clock.warned_at,
            breached_at: clock.breached_at,
            detected_at: clock.detected_at,
            cause: clock.cause,
            acknowledged_at: kept.acknowledged_at,
            fulfilled_at: clock.fulfilled_at,
            fulfilled_by: clock.fulfilled_by.map(MessageId),
            cancelled_at: clock.cancelled.map(|cancelled| cancelled.at),
            cancel_reason: clock.cancelled.map(|cancelled| cancelled.reason),
            intervals: it
                .intervals
                .iter()
                .map(|open| IntervalView {
                    from: open.opens_at,
                    to: open.closes_at,
                    seconds: open.seconds().get(),
                })
                .collect(),
            more_intervals: it.more_intervals,
            pauses: it
                .pauses
                .into_iter()
                .map(|pause| PauseView { from: pause.from, to: pause.to, reason: pause.phase })
                .collect(),
            holidays: it
                .holidays
                .into_iter()
                .map(|day| HolidayView { date: day.date, name: day.name, closed: day.closed })
                .collect(),
            changes: it
                .changes
                .into_iter()
                .map(|entry| ChangeView {
                    at: entry.occurred_at,
                    kind: entry.kind,
                    data: entry.data,
                })
                .collect(),
        }
    }
}

impl TicketSla {
    fn of(explained: Explained, everything: bool) -> Self {
        let answer = |it: &&ExplainedClock| {
            it.clock.metric != Metric::Resolution && it.clock.state() == ClockState::Running
        };
        let expected =
            explained.clocks.iter().filter(answer).filter_map(|it| it.clock.due_at).min();
        Self {
            ticket_id: explained.ticket.id,
            expected_answer_at: expected,
            next_step_at: explained.next_step_at.filter(|_| everything),
            clocks: everything.then(|| explained.clocks.into_iter().map(ClockView::from).collect()),
        }
    }
}

/// Explain a ticket's deadlines
///
/// Each clock with every interval that has counted, every pause, holiday and change behind its
/// deadline. Customers learn when to expect an answer.
#[utoipa::path(
    get, path = "/api/support/tickets/{id}/sla", operation_id = "ticket_sla", tag = "sla",
    params(("id" = String, Path, description = "The id or the number", example = "TKT-17")),
    responses((status = 200, description = "The clocks as of now", body = Envelope<TicketSla>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(id): TicketPath,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let explained = explain::explain(&mut tx, &*app.clock, &actor, id).await?;
    tx.commit().await?;
    Ok(Answer::ok(TicketSla::of(explained, actor.is_staff())))
}
