//! `POST /api/support/calendars`.

use axum::extract::State;
use garde::{Error, Path, Report, Validate};
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::calendars::input::{DATES_AT_MOST, HoursGiven, report_name};
use crate::calendars::service;
use crate::calendars::spec::{CalendarSpec, HolidaySpec, OverrideSpec, WeeklySpec};
use crate::calendars::view::CalendarView;
use crate::identity::http::caller::Caller;

/// A new calendar.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateCalendar {
    /// Its name, 1 to 255 characters, unique among calendars in use.
    #[schema(required = true, min_length = 1, max_length = 255, examples("Petropavlovsk office"))]
    name: String,
    /// IANA name of the time zone on whose wall all times are read.
    #[schema(required = true, value_type = String, examples("Asia/Kamchatka"))]
    zone: Option<String>,
    /// The hours of an ordinary week; a weekday without any is closed.
    #[schema(required = true, value_type = WeeklySpec)]
    weekly: Option<WeeklySpec>,
    /// Closed days, at most 1000.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    #[schema(value_type = Vec<HolidaySpec>)]
    holidays: Option<Vec<HolidaySpec>>,
    /// Dates with hours of their own, at most 1000.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    #[schema(value_type = Vec<OverrideSpec>)]
    overrides: Option<Vec<OverrideSpec>>,
}

impl CreateCalendar {
    fn hours(&self) -> HoursGiven {
        let Self { zone, weekly, holidays, overrides, .. } = self.clone();
        HoursGiven { zone, weekly, holidays, overrides }
    }
}

impl Validate for CreateCalendar {
    type Context = ();

    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> Path, report: &mut Report) {
        report_name(&self.name, report);
        if self.zone.is_none() {
            report.append(Path::new("zone"), Error::new("is required"));
        }
        if self.weekly.is_none() {
            report.append(Path::new("weekly"), Error::new("is required"));
        }
        self.hours().report(&Path::empty(), report);
    }
}

/// Create a calendar
///
/// When work is done: deadlines count open time only. A shift that ends before it begins goes on into
/// the next day. All faults are told at once, each with its path.
#[utoipa::path(
    post, path = "/api/support/calendars", operation_id = "calendar_create", tag = "calendars",
    request_body(content = CreateCalendar, example = json!({
        "name": "Petropavlovsk office", "zone": "Asia/Kamchatka",
        "weekly": {"monday": [{"start": "09:00", "end": "13:00"}, {"start": "14:00", "end": "18:00"}],
            "friday": [{"start": "22:00", "end": "06:00"}]},
        "holidays": [{"date": "2026-01-01", "name": "New Year"}],
        "overrides": [{"date": "2026-12-31", "intervals": [{"start": "09:00", "end": "15:00"}]}]
    })),
    responses(
        (status = 201, description = "The new calendar", body = Envelope<CalendarView>),
        (status = 409, description = "Another calendar has the name",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<CreateCalendar>,
) -> ApiResult<Answer> {
    let spec = body.value.hours().over(CalendarSpec::default());
    let mut tx = app.db.begin().await?;
    let calendar = service::create(&mut tx, &*app.clock, &actor, &body.value.name, &spec).await?;
    tx.commit().await?;
    let (version, path) = (calendar.version, format!("/api/support/calendars/{}", calendar.id));
    Ok(Answer::created(calendar).version(version).location(path))
}
