//! The body of a policy (contract, section 2). Targets come in hours, in minutes, or in both where they
//! say the same.

use garde::{Path, Report, Validate};
use kamhub_httpkit::items::at_most_given;
use kamhub_httpkit::validate::text;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::steps::{EscalationInput, WarningInput};
use crate::calendars::service::BUILT_IN;
use crate::category::Category;
use crate::ids::CalendarId;
use crate::sla::policies::model::PolicyDraft;
use crate::tickets::model::Priority;

/// The most hours to a response, and to resolution (contract, section 2).
const RESPONSE_HOURS: i32 = 168;
const RESOLUTION_HOURS: i32 = 720;
/// The most warnings, and the most escalations, of a policy.
pub const STEPS_AT_MOST: usize = 10;

/// A word, or `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrAny<T>(pub Option<T>);

impl<'de, T: std::str::FromStr<Err = String>> Deserialize<'de> for OrAny<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            Some(word) if !word.eq_ignore_ascii_case("any") => match word.parse() {
                Ok(word) => Ok(Self(Some(word))),
                Err(sentence) => Err(D::Error::custom(format!("{sentence}, or any"))),
            },
            _ => Ok(Self(None)),
        }
    }
}

impl<T: std::fmt::Display> Serialize for OrAny<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(word) => serializer.collect_str(word),
            None => serializer.serialize_str("any"),
        }
    }
}

/// A policy as it is written; in an update what is not given stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyInput {
    /// Its name, 3 to 255 characters.
    #[garde(inner(custom(text(3, 255))))]
    #[schema(min_length = 3, max_length = 255, examples("Urgent billing"))]
    name: Option<String>,
    /// The category it is for; `any` where it is left out.
    #[serde(deserialize_with = "present")]
    #[garde(skip)]
    #[schema(value_type = Option<String>, examples("billing"))]
    category: Option<OrAny<Category>>,
    /// The priority it is for; `any` where it is left out.
    #[serde(deserialize_with = "present")]
    #[garde(skip)]
    #[schema(value_type = Option<String>, examples("urgent"))]
    priority: Option<OrAny<Priority>>,
    /// Hours of open time to the first response, 1 to 168.
    #[garde(skip)]
    #[schema(minimum = 1, maximum = 168, examples(4))]
    first_response_time: Option<f64>,
    /// The same in minutes, 1 to 10080.
    #[garde(skip)]
    #[schema(minimum = 1, maximum = 10080, examples(240))]
    first_response_minutes: Option<i32>,
    /// Hours of open time to each next response, 1 to 168; null or left out: not promised.
    #[serde(deserialize_with = "present")]
    #[garde(skip)]
    #[schema(value_type = Option<f64>, minimum = 1, maximum = 168)]
    next_response_time: Option<Option<f64>>,
    /// The same in minutes, 1 to 10080.
    #[serde(deserialize_with = "present")]
    #[garde(skip)]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 10080)]
    next_response_minutes: Option<Option<i32>>,
    /// Hours of open time to resolution, 1 to 720.
    #[garde(skip)]
    #[schema(minimum = 1, maximum = 720, examples(24))]
    resolution_time: Option<f64>,
    /// The same in minutes, 1 to 43200.
    #[garde(skip)]
    #[schema(minimum = 1, maximum = 43200, examples(1440))]
    resolution_minutes: Option<i32>,
    /// Whether it applies; true where it is left out.
    #[garde(skip)]
    active: Option<bool>,
    /// When time counts; around the clock where it is left out.
    #[garde(skip)]
    calendar_id: Option<CalendarId>,
    /// Whether resolution pauses while the ticket waits for the customer; true where it is left out.
    #[garde(skip)]
    pauses_waiting_customer: Option<bool>,
    /// Whether resolution pauses while the ticket is on hold; true where it is left out.
    #[garde(skip)]
    pauses_on_hold: Option<bool>,
    /// What is said before a breach, at most 10 steps.
    #[serde(deserialize_with = "at_most_given::<STEPS_AT_MOST, _, _>")]
    #[garde(dive)]
    #[schema(max_items = 10)]
    warnings: Option<Vec<WarningInput>>,
    /// What is done after a breach that nobody has acknowledged, at most 10 steps.
    #[serde(deserialize_with = "at_most_given::<STEPS_AT_MOST, _, _>")]
    #[garde(dive)]
    #[schema(max_items = 10)]
    escalations: Option<Vec<EscalationInput>>,
    /// The version that was read, for callers who cannot send If-Match.
    #[garde(skip)]
    #[schema(examples(1))]
    pub version: Option<i32>,
}

/// Tells a field that is null from one that is not there.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// How far hours may be from what they stand beside: they are shown with two digits (`Hours` in the view), so
/// what was read can be written back.
const SHOWN_WITHIN: f64 = 0.005;

/// A target in hours and in minutes, and the most hours it may be.
struct Target {
    names: (&'static str, &'static str),
    hours: Option<f64>,
    minutes: Option<i32>,
    most: i32,
}

impl Target {
    /// The minutes; none where the target is not given or wrong. Beside minutes, hours that are these minutes as
    /// they are shown say nothing of their own.
    fn minutes(&self, place: &Path, report: &mut Report) -> Option<i32> {
        let most = self.most * 60;
        let given = self.minutes.filter(|minutes| (1..=most).contains(minutes));
        if given.zip(self.hours).is_some_and(|(minutes, hours)| is_shown_as(minutes, hours)) {
            return given;
        }
        let mut fault = |name: &'static str, sentence: String| {
            report.append(place.join(name), garde::Error::new(sentence));
            None
        };
        let from_hours = match self.hours {
            Some(hours) if !(1.0..=f64::from(self.most)).contains(&hours) => {
                return fault(self.names.0, format!("must be between 1 and {}", self.most));
            }
            Some(hours) => match whole(hours * 60.0) {
                Some(minutes) => Some(minutes),
                None => return fault(self.names.0, "must be a whole number of minutes".to_owned()),
            },
            None => None,
        };
        match (from_hours, self.minutes) {
            (_, Some(minutes)) if !(1..=most).contains(&minutes) => {
                fault(self.names.1, format!("must be between 1 and {most}"))
            }
            (Some(hours), Some(minutes)) if hours != minutes => fault(
                self.names.1,
                format!("contradicts {}: that is {hours} minutes", self.names.0),
            ),
            (hours, minutes) => minutes.or(hours),
        }
    }
}

/// Whether these minutes are these hours, as exactly as hours are shown.
fn is_shown_as(minutes: i32, hours: f64) -> bool {
    (f64::from(minutes) / 60.0 - hours).abs() <= SHOWN_WITHIN + 1e-9
}

/// The nearest whole number, where it is one.
fn whole(number: f64) -> Option<i32> {
    let near = number.round();
    #[expect(clippy::cast_possible_truncation, reason = "hours were checked to be at most 720")]
    let minutes = near as i32;
    ((near - number).abs() < 1e-6).then_some(minutes)
}

impl PolicyInput {
    fn first_response(&self) -> Target {
        Target {
            names: ("firstResponseTime", "firstResponseMinutes"),
            hours: self.first_response_time,
            minutes: self.first_response_minutes,
            most: RESPONSE_HOURS,
        }
    }

    fn next_response(&self) -> Target {
        Target {
            names: ("nextResponseTime", "nextResponseMinutes"),
            hours: self.next_response_time.flatten(),
            minutes: self.next_response_minutes.flatten(),
            most: RESPONSE_HOURS,
        }
    }

    fn resolution(&self) -> Target {
        Target {
            names: ("resolutionTime", "resolutionMinutes"),
            hours: self.resolution_time,
            minutes: self.resolution_minutes,
            most: RESOLUTION_HOURS,
        }
    }

    fn report(&self, place: &Path, report: &mut Report) {
        self.validate_into(&(), &mut || place.clone(), report);
        for target in [self.first_response(), self.next_response(), self.resolution()] {
            target.minutes(place, report);
        }
    }

    fn report_missing(&self, place: &Path, report: &mut Report) {
        let missing = |target: Target| target.hours.is_none() && target.minutes.is_none();
        let fields = [
            ("name", self.name.is_none()),
            ("firstResponseTime", missing(self.first_response())),
            ("resolutionTime", missing(self.resolution())),
        ];
        for (field, _) in fields.into_iter().filter(|(_, missing)| *missing) {
            report.append(place.join(field), garde::Error::new("is required"));
        }
    }

    /// What the policy says with the given fields in the place of what it said; validation has seen them.
    pub fn over(self, mut draft: PolicyDraft) -> PolicyDraft {
        let (place, mut seen) = (Path::empty(), Report::new());
        let (first, resolution) = (self.first_response(), self.resolution());
        let next = self.next_response();
        let next_given = self.next_response_time.is_some() || self.next_response_minutes.is_some();
        set(&mut draft.first_response_minutes, first.minutes(&place, &mut seen));
        set(&mut draft.resolution_minutes, resolution.minutes(&place, &mut seen));
        set(&mut draft.next_response_minutes, next_given.then(|| next.minutes(&place, &mut seen)));
        set(&mut draft.name, self.name);
        set(&mut draft.category, self.category.map(|word| word.0));
        set(&mut draft.priority, self.priority.map(|word| word.0));
        set(&mut draft.active, self.active);
        set(&mut draft.calendar_id, self.calendar_id);
        set(&mut draft.pauses_waiting_customer, self.pauses_waiting_customer);
        set(&mut draft.pauses_on_hold, self.pauses_on_hold);
        let warnings =
            self.warnings.map(|steps| steps.into_iter().map(WarningInput::step).collect());
        set(&mut draft.warnings, warnings);
        let steps =
            self.escalations.map(|steps| steps.into_iter().map(EscalationInput::step).collect());
        set(&mut draft.escalations, steps);
        draft
    }

    /// A new policy; validation has seen that everything needed is there.
    pub fn draft(self) -> PolicyDraft {
        self.over(PolicyDraft {
            name: String::new(),
            category: None,
            priority: None,
            first_response_minutes: 0,
            next_response_minutes: None,
            resolution_minutes: 0,
            active: true,
            calendar_id: BUILT_IN,
            pauses_waiting_customer: true,
            pauses_on_hold: true,
            warnings: Vec::new(),
            escalations: Vec::new(),
        })
    }
}

impl PolicyInput {
    /// What it says over what there was, or as a new policy.
    pub fn drafted(self, before: Option<PolicyDraft>) -> PolicyDraft {
        match before {
            Some(before) => self.over(before),
            None => self.draft(),
        }
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// The body of a new policy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NewPolicy(pub PolicyInput);

impl Validate for NewPolicy {
    type Context = ();

    fn validate_into(&self, _: &(), place: &mut dyn FnMut() -> Path, report: &mut Report) {
        let place = place();
        self.0.report_missing(&place, report);
        self.0.report(&place, report);
    }
}

/// The body of a change.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct PolicyChange(pub PolicyInput);

impl Validate for PolicyChange {
    type Context = ();

    fn validate_into(&self, _: &(), place: &mut dyn FnMut() -> Path, report: &mut Report) {
        self.0.report(&place(), report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::policies::view::Hours;

    fn minutes(hours: Option<f64>, minutes: Option<i32>) -> Result<Option<i32>, String> {
        let names = ("resolutionTime", "resolutionMinutes");
        let target = Target { names, hours, minutes, most: RESOLUTION_HOURS };
        let mut report = Report::new();
        let read = target.minutes(&Path::empty(), &mut report);
        report.iter().next().map_or(Ok(read), |(path, error)| Err(format!("{path}: {error}")))
    }

    #[test]
    fn every_whole_number_of_minutes_is_the_same_in_hours() {
        for number in 60..=RESOLUTION_HOURS * 60 {
            let hours = f64::from(number) / 60.0;
            assert_eq!(minutes(Some(hours), None), Ok(Some(number)));
            assert_eq!(minutes(Some(hours), Some(number)), Ok(Some(number)));
        }
        assert_eq!(minutes(None, Some(1)), Ok(Some(1)));
        assert_eq!(minutes(None, None), Ok(None));
    }

    #[test]
    fn what_is_out_of_bounds_no_whole_minute_or_contradicts_itself_is_refused() {
        for hours in [0.99, 0.0, -1.0, 720.1, f64::INFINITY, f64::NAN, 1.0001] {
            let refused = minutes(Some(hours), None);
            assert!(refused.is_err_and(|error| error.starts_with("resolutionTime: ")), "{hours}");
        }
        for number in [0, -5, 43_201, i32::MIN, i32::MAX] {
            let refused = minutes(None, Some(number));
            assert!(
                refused.is_err_and(|error| error.starts_with("resolutionMinutes: ")),
                "{number}"
            );
        }
        assert!(minutes(Some(2.0), Some(121)).is_err());
        assert!(minutes(Some(2.0), Some(0)).is_err_and(|error| error.contains("Minutes: ")));
    }

    #[test]
    fn every_target_can_be_written_back_as_it_is_shown() {
        for number in 1..=RESOLUTION_HOURS * 60 {
            let shown = serde_json::to_value(Hours(number)).unwrap().as_f64();
            assert_eq!(minutes(shown, Some(number)), Ok(Some(number)));
            assert!(minutes(shown, Some(number % (RESOLUTION_HOURS * 60) + 1)).is_err());
        }
    }
}
