//! `POST /api/support/sla/simulate`.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use garde::{Error, Path, Report, Validate};
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::query::body_time;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::RunView;
use crate::app::App;
use crate::calendars::input::{DATES_AT_MOST, HoursGiven};
use crate::calendars::spec::{CalendarSpec, HolidaySpec, OverrideSpec, WeeklySpec};
use crate::identity::http::caller::Caller;
use crate::ids::CalendarId;
use crate::period::Period;
use crate::reports::runs::model::DraftCalendar;
use crate::reports::runs::service::{self, simulation};
use crate::sla::policies::input::{NewPolicy, PolicyInput};

/// The most policies of a simulation: one for each pair of category and priority, or any of them.
const POLICIES_AT_MOST: usize = 60;
/// The most calendars of a simulation.
const CALENDARS_AT_MOST: usize = 60;

/// What is to be tried out, on which tickets. At least one of `policies` and `calendars` is needed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Simulate {
    /// Tickets created from then on; 30 days before `to` where it is left out.
    #[serde(deserialize_with = "body_time")]
    from: Option<DateTime<Utc>>,
    /// Tickets created until then, at most 366 days later; now where it is left out.
    #[serde(deserialize_with = "body_time")]
    to: Option<DateTime<Utc>>,
    /// The policies in the place of the company's own, at most 60; the built-in default stays behind
    /// them. Left out: those in force.
    #[serde(deserialize_with = "at_most_given::<POLICIES_AT_MOST, _, _>")]
    #[schema(value_type = Option<Vec<PolicyInput>>, max_items = 60)]
    policies: Option<Vec<NewPolicy>>,
    /// Hours in the place of a calendar's, at most 60.
    #[serde(deserialize_with = "at_most_given::<CALENDARS_AT_MOST, _, _>")]
    #[schema(max_items = 60)]
    calendars: Option<Vec<DraftHours>>,
}

/// Hours in the place of a calendar's.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DraftHours {
    /// The calendar; an id that no calendar has stands for a new one, which policies may name.
    #[schema(required = true, value_type = CalendarId)]
    calendar_id: Option<CalendarId>,
    /// IANA name of the time zone.
    #[schema(required = true, value_type = String, examples("Asia/Kamchatka"))]
    zone: Option<String>,
    /// The hours of an ordinary week.
    #[schema(required = true, value_type = WeeklySpec)]
    weekly: Option<WeeklySpec>,
    /// Closed days.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    holidays: Option<Vec<HolidaySpec>>,
    /// Dates with hours of their own.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    overrides: Option<Vec<OverrideSpec>>,
}

impl DraftHours {
    fn hours(&self) -> HoursGiven {
        let Self { zone, weekly, holidays, overrides, .. } = self.clone();
        HoursGiven { zone, weekly, holidays, overrides }
    }

    fn draft(self) -> Option<DraftCalendar> {
        let calendar_id = self.calendar_id?;
        Some(DraftCalendar { calendar_id, spec: self.hours().over(CalendarSpec::default()) })
    }
}

impl Validate for Simulate {
    type Context = ();

    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> Path, report: &mut Report) {
        if self.policies.is_none() && self.calendars.is_none() {
            let sentence = "Give policies, calendars or both";
            report.append(Path::new("policies"), Error::new(sentence));
        }
        let policies = self.policies.as_deref().unwrap_or_default();
        let calendars = self.calendars.as_deref().unwrap_or_default();
        for (index, policy) in policies.iter().enumerate() {
            policy.validate_into(&(), &mut || Path::new("policies").join(index), report);
        }
        for (index, calendar) in calendars.iter().enumerate() {
            let at = Path::new("calendars").join(index);
            let missing = [
                ("calendarId", calendar.calendar_id.is_none()),
                ("zone", calendar.zone.is_none()),
                ("weekly", calendar.weekly.is_none()),
            ];
            for (field, _) in missing.into_iter().filter(|(_, missing)| *missing) {
                report.append(at.join(field), Error::new("is required"));
            }
            calendar.hours().report(&at, report);
        }
    }
}

/// Try out policies and calendars on past tickets
///
/// Each ticket created in the period is counted as it was measured, and again by its timeline under the
/// drafts: compliance now and then, and the tickets that change sides. Nothing is changed, and nobody is
/// told. A run in the background does it: 202 with the run, to be followed by
/// `GET /api/support/sla/runs/{id}`.
#[utoipa::path(
    post, path = "/api/support/sla/simulate", operation_id = "sla_simulate", tag = "sla",
    request_body(content = Simulate, example = json!({
        "from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z",
        "policies": [{"name": "Faster", "priority": "urgent", "firstResponseMinutes": 30,
            "resolutionTime": 8, "calendarId": "1"}]
    })),
    responses((status = 202, description = "The run that has begun", body = Envelope<RunView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<Simulate>,
) -> ApiResult<Answer> {
    let Simulate { from, to, policies, calendars } = body.value;
    let period = Period::of(&*app.clock, from, to)?;
    let policies = policies.map(|all| all.into_iter().map(|policy| policy.0.draft()).collect());
    let calendars = calendars.unwrap_or_default().into_iter().filter_map(DraftHours::draft);
    let drafts = simulation::Drafts { policies, calendars: calendars.collect() };
    let mut tx = app.db.begin().await?;
    let id = simulation::begin(&mut tx, &*app.clock, &actor, period, drafts).await?;
    let run = RunView::try_from(service::read(&mut tx, id).await?)?;
    tx.commit().await?;
    app.queue.wake();
    let body = Envelope { success: true, data: run };
    let path = format!("/api/support/sla/runs/{id}");
    Ok(Answer::with_status(StatusCode::ACCEPTED, &body).location(path))
}
