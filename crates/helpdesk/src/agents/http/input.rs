//! Parts of the bodies that create and change agents.

use garde::Validate;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::agents::model::{HourMinute, WorkingHours};
use crate::category::Category;

/// What an agent knows: at least one category, in any case; one that is named twice counts once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Specialization(pub Vec<Category>);

impl<'de> Deserialize<'de> for Specialization {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Read whole, so that every fault in it is one fault of this field.
        let Value::Array(words) = Value::deserialize(deserializer)? else {
            return Err(D::Error::custom("must be a list of categories"));
        };
        let mut known = Vec::new();
        for word in &words {
            let word = word.as_str().ok_or_else(|| D::Error::custom("must be a list of words"))?;
            let category = word.parse().map_err(D::Error::custom)?;
            if !known.contains(&category) {
                known.push(category);
            }
        }
        Ok(Self(known))
    }
}

/// A daily shift: both ends, or no shift at all.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default)]
pub struct WorkingHoursInput {
    /// When the shift begins.
    #[garde(custom(given))]
    #[schema(required = true, value_type = HourMinute)]
    start: Option<HourMinute>,
    /// When it ends; before `start` it is a night shift, equal to it the whole day.
    #[garde(custom(given))]
    #[schema(required = true, value_type = HourMinute)]
    end: Option<HourMinute>,
}

impl WorkingHoursInput {
    /// The shift; validation has seen both ends.
    pub fn hours(&self) -> Option<WorkingHours> {
        Some(WorkingHours { start: self.start?, end: self.end? })
    }
}

/// Something that must be there.
///
/// # Errors
/// Where it is not.
pub fn given<T>(value: &Option<T>, _: &()) -> garde::Result {
    if value.is_some() { Ok(()) } else { Err(garde::Error::new("is required")) }
}

/// At least one category.
///
/// # Errors
/// Where there is none.
pub fn not_empty(value: &Specialization, _: &()) -> garde::Result {
    if value.0.is_empty() {
        return Err(garde::Error::new("must name at least one category"));
    }
    Ok(())
}

/// Reads a field in which null means "none" and absence means "as it is".
///
/// # Errors
/// The deserialiser's error where the value is neither null nor right.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
