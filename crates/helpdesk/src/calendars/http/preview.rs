//! `POST /api/support/calendars/preview`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::{Error, Path, Report, Validate};
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::query::body_time;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::calendars::input::{DATES_AT_MOST, HoursGiven};
use crate::calendars::spec::{CalendarSpec, HolidaySpec, OverrideSpec, WeeklySpec};
use crate::calendars::{OpenInterval, Seconds, service};
use crate::ids::CalendarId;

/// Hours to look at: a stored calendar's, with any part in the place of its own, or a draft.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PreviewHours {
    /// The calendar to start from; without one `zone` and `weekly` are needed.
    calendar_id: Option<CalendarId>,
    /// IANA name of the time zone.
    zone: Option<String>,
    /// The hours of an ordinary week.
    weekly: Option<WeeklySpec>,
    /// Closed days.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    holidays: Option<Vec<HolidaySpec>>,
    /// Dates with hours of their own.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    overrides: Option<Vec<OverrideSpec>>,
    /// The first moment.
    #[serde(deserialize_with = "body_time")]
    #[schema(required = true, value_type = DateTime<Utc>)]
    from: Option<DateTime<Utc>>,
    /// The last moment, at most 62 days later.
    #[serde(deserialize_with = "body_time")]
    #[schema(required = true, value_type = DateTime<Utc>)]
    to: Option<DateTime<Utc>>,
}

impl PreviewHours {
    fn hours(&self) -> HoursGiven {
        let Self { zone, weekly, holidays, overrides, .. } = self.clone();
        HoursGiven { zone, weekly, holidays, overrides }
    }
}

impl Validate for PreviewHours {
    type Context = ();

    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> Path, report: &mut Report) {
        let draft = self.calendar_id.is_none();
        let missing = [
            ("zone", draft && self.zone.is_none()),
            ("weekly", draft && self.weekly.is_none()),
            ("from", self.from.is_none()),
            ("to", self.to.is_none()),
        ];
        for (field, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            report.append(Path::new(field), Error::new("is required"));
        }
        self.hours().report(&Path::empty(), report);
    }
}

/// When work is done between two moments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The first moment.
    from: DateTime<Utc>,
    /// The last moment.
    to: DateTime<Utc>,
    /// Open seconds in all.
    #[schema(value_type = u64, examples(28800))]
    open_seconds: Seconds,
    /// The open intervals, in order; they never touch.
    intervals: Vec<OpenInterval>,
}

/// Preview a calendar
///
/// The open intervals between two moments, so that people see what they wrote: nothing is stored.
#[utoipa::path(
    post, path = "/api/support/calendars/preview", operation_id = "calendar_preview",
    tag = "calendars",
    request_body(content = PreviewHours, example = json!({
        "calendarId": "1", "from": "2026-03-01T00:00:00Z", "to": "2026-03-08T00:00:00Z"
    })),
    responses((status = 200, description = "The open intervals", body = Envelope<Preview>)),
)]
pub async fn handler(State(app): State<App>, body: Valid<PreviewHours>) -> ApiResult<Answer> {
    let stored = match body.value.calendar_id {
        Some(id) => {
            let mut connection = app.db.connection().await?;
            service::read(&mut connection, id).await?.spec()
        }
        None => CalendarSpec::default(),
    };
    let spec = body.value.hours().over(stored);
    let (from, to) = (body.value.from.unwrap_or_default(), body.value.to.unwrap_or_default());
    let intervals = service::preview(&spec, from, to)?;
    let open_seconds =
        intervals.iter().map(OpenInterval::seconds).fold(Seconds::ZERO, Seconds::plus);
    Ok(Answer::ok(Preview { from, to, open_seconds, intervals }))
}
