//! Calendars as they are kept, and as callers see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::spec::{CalendarSpec, HolidaySpec, OverrideSpec, WeeklySpec};
use crate::ids::{CalendarId, CalendarVersionId};

/// A calendar with the hours that apply now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarView {
    /// The calendar.
    pub id: CalendarId,
    /// Its name, unique among those in use regardless of case.
    #[schema(examples("Petropavlovsk office"))]
    pub name: String,
    /// IANA name of the time zone on whose wall all times are read.
    #[schema(examples("Asia/Kamchatka"))]
    pub zone: String,
    /// The hours of an ordinary week.
    pub weekly: WeeklySpec,
    /// Closed days.
    pub holidays: Vec<HolidaySpec>,
    /// Dates with hours of their own.
    pub overrides: Vec<OverrideSpec>,
    /// The version of the hours that applies now.
    pub hours_version_id: CalendarVersionId,
    /// Counts the versions of the hours, from 1; a new name is none.
    #[schema(examples(3))]
    pub hours_version: i32,
    /// When it was archived; null while it is in use.
    #[schema(examples(json!(null)))]
    pub archived_at: Option<DateTime<Utc>>,
    /// Grows with every change; the ETag.
    #[schema(examples(4))]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl CalendarView {
    /// Its hours.
    #[must_use]
    pub fn spec(&self) -> CalendarSpec {
        CalendarSpec {
            zone: self.zone.clone(),
            weekly: self.weekly.clone(),
            holidays: self.holidays.clone(),
            overrides: self.overrides.clone(),
        }
    }
}

/// The hours of a calendar as they were between two edits; they never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarVersionView {
    /// The version.
    pub id: CalendarVersionId,
    /// Counts the calendar's versions, from 1.
    #[schema(examples(1))]
    pub number: i32,
    /// What it says.
    pub spec: CalendarSpec,
    /// When it began to apply.
    pub created_at: DateTime<Utc>,
    /// Who wrote it.
    #[schema(examples("user:7"))]
    pub created_by: String,
}
