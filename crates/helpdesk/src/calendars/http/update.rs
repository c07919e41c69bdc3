//! `PATCH /api/support/calendars/{id}`.

use axum::extract::State;
use garde::{Path, Report, Validate};
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, PathId, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::calendars::input::{DATES_AT_MOST, HoursGiven, report_name};
use crate::calendars::service;
use crate::calendars::spec::{HolidaySpec, OverrideSpec, WeeklySpec};
use crate::calendars::view::CalendarView;
use crate::identity::http::caller::Caller;
use crate::ids::CalendarId;
use crate::listeners;

/// What is to change; what is not given stays. A part that is given takes the whole place of what was.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateCalendar {
    /// Its name, 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// IANA name of the time zone.
    zone: Option<String>,
    /// The hours of an ordinary week.
    weekly: Option<WeeklySpec>,
    /// All closed days.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    holidays: Option<Vec<HolidaySpec>>,
    /// All dates with hours of their own.
    #[serde(deserialize_with = "at_most_given::<DATES_AT_MOST, _, _>")]
    overrides: Option<Vec<OverrideSpec>>,
    /// The version that was read, for callers who cannot send If-Match.
    #[schema(examples(1))]
    version: Option<i32>,
}

impl UpdateCalendar {
    fn hours(&self) -> HoursGiven {
        let Self { zone, weekly, holidays, overrides, .. } = self.clone();
        HoursGiven { zone, weekly, holidays, overrides }
    }
}

impl Validate for UpdateCalendar {
    type Context = ();

    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> Path, report: &mut Report) {
        if let Some(name) = &self.name {
            report_name(name, report);
        }
        self.hours().report(&Path::empty(), report);
    }
}

/// Update a calendar
///
/// Other hours make a new version: deadlines of running clocks are counted anew by it, finished ones
/// never are. With If-Match (or `version`) a stale update gets 409 and the current calendar.
#[utoipa::path(
    patch, path = "/api/support/calendars/{id}", operation_id = "calendar_update", tag = "calendars",
    params(
        ("id" = CalendarId, Path, description = "The calendar"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateCalendar,
        example = json!({"holidays": [{"date": "2026-02-23", "name": "Defender of the Fatherland"}]})),
    responses((status = 200, description = "The calendar as it is now", body = Envelope<CalendarView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<CalendarId>,
    IfMatch(seen): IfMatch,
    body: Valid<UpdateCalendar>,
) -> ApiResult<Answer> {
    let seen = IfMatch(seen).or_version(body.value.version)?;
    let hours = body.value.hours();
    let named = body.value.name;
    let mut tx = app.db.begin().await?;
    let changed = service::update(&mut tx, &*app.clock, &actor, id, seen, |name, spec| {
        (named.unwrap_or(name), hours.over(spec))
    })
    .await?;
    if let Some(version) = changed.edited {
        listeners::calendar_edited(&mut tx, &*app.clock, id, version).await?;
    }
    tx.commit().await?;
    let version = changed.calendar.version;
    Ok(Answer::ok(changed.calendar).version(version))
}
