//! The hours in a body: read and checked as a whole, so that all faults come together.

use garde::{Error, Path, Report};

use crate::calendars::spec::{CalendarSpec, HolidaySpec, IntervalSpec, OverrideSpec, WeeklySpec};

/// The most holidays, and the most dates with hours of their own.
pub const DATES_AT_MOST: usize = 1_000;
/// The most characters of a day's name.
const NAME_AT_MOST: usize = 255;

/// The parts of a calendar's hours that a body gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoursGiven {
    /// The zone.
    pub zone: Option<String>,
    /// The ordinary week.
    pub weekly: Option<WeeklySpec>,
    /// Closed days.
    pub holidays: Option<Vec<HolidaySpec>>,
    /// Dates with hours of their own.
    pub overrides: Option<Vec<OverrideSpec>>,
}

impl HoursGiven {
    /// The hours with what is given in the place of what was.
    pub fn over(self, spec: CalendarSpec) -> CalendarSpec {
        CalendarSpec {
            zone: self.zone.unwrap_or(spec.zone),
            weekly: self.weekly.unwrap_or(spec.weekly),
            holidays: self.holidays.unwrap_or(spec.holidays),
            overrides: self.overrides.unwrap_or(spec.overrides),
        }
    }

    /// Reports what is wrong with the given parts of the body at `place`.
    pub fn report(&self, place: &Path, report: &mut Report) {
        let bare = CalendarSpec {
            zone: "UTC".to_owned(),
            weekly: WeeklySpec { monday: vec![all_day()], ..WeeklySpec::default() },
            ..CalendarSpec::default()
        };
        let spec = self.clone().over(bare);
        report_lengths(&spec, place, report);
        if let Err(wrong) = spec.check() {
            for fault in wrong.0 {
                let error = Error::new(fault.problem);
                report.append(place.join(fault.path), error);
            }
        }
        report_names(&spec, place, report);
    }
}

fn all_day() -> IntervalSpec {
    IntervalSpec { start: "00:00".to_owned(), end: "24:00".to_owned() }
}

fn report_names(spec: &CalendarSpec, place: &Path, report: &mut Report) {
    let holidays = spec.holidays.iter().map(|day| ("holidays", &day.name)).enumerate();
    let overrides = spec.overrides.iter().map(|day| ("overrides", &day.name)).enumerate();
    for (index, (list, name)) in holidays.chain(overrides) {
        if name.as_ref().is_some_and(|name| name.chars().count() > NAME_AT_MOST) {
            let error = Error::new(format!("must have at most {NAME_AT_MOST} characters"));
            report.append(place.join(format!("{list}.{index}.name")), error);
        }
    }
}

/// Reports a name that is no text of 1 to 255 characters.
pub fn report_name(name: &str, report: &mut Report) {
    let rule = kamhub_httpkit::validate::text(1, NAME_AT_MOST);
    if let Err(error) = rule(&name.to_owned(), &()) {
        report.append(Path::new("name"), error);
    }
}

/// A shift from 09:00 to 09:00 is as likely meant to be none as to last a day, so it has to be said.
fn report_lengths(spec: &CalendarSpec, place: &Path, report: &mut Report) {
    let week = spec.weekly.named_days();
    let week = week.map(|(day, intervals)| (format!("weekly.{day}"), intervals));
    let dates = spec.overrides.iter().enumerate();
    let dates = dates.map(|(index, day)| (format!("overrides.{index}.intervals"), &day.intervals));
    for (path, intervals) in week.chain(dates) {
        for (index, _) in intervals.iter().enumerate().filter(|(_, one)| one.has_no_length()) {
            let error = Error::new(super::spec::CalendarProblem::EmptyInterval);
            report.append(place.join(format!("{path}.{index}")), error);
        }
    }
}
