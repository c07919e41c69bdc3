//! JSON to types, with every fault of the request found in one go.
//!
//! serde stops at the first field it cannot read. Here such a field is noted and taken out, and
//! the rest is read again, so that wrong types and unknown words are reported together with what
//! validation finds. For this to work the request types use `#[serde(default)]`: a field that is
//! missing, or was taken out, is read as empty and left to validation.

use garde::Validate;
use kamhub_kernel::Faults;
use kamhub_kernel::faults::MOST_FAULTS;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::gone::Gone;
use crate::wording::{rule_words, sentence, type_words, wire_path};

/// The most values that are looked at in search of faults, however often a body is read again: one of
/// ordinary size is read until all are found, one of a million values once.
const MOST_WORK: usize = 500_000;
/// The most characters that are told of the path of a field that we may not know.
const LONGEST_PATH: usize = 200;

/// What could be read of a request, with the faults found so far.
#[derive(Debug, Clone)]
pub struct Attempt<T> {
    /// The request, as far as it could be read: what was at fault by its type is missing here.
    pub read: Option<T>,
    /// The faults.
    pub faults: Faults,
    gone: Gone,
}

impl<T> Attempt<T> {
    /// Adds faults of what was read; what was said about a field, or about a part of the request that it
    /// is in, stays.
    pub fn add(&mut self, faults: &Faults) {
        for (place, sentence) in faults.iter() {
            let place: Vec<String> = place.split('.').map(str::to_owned).collect();
            let path = self.gone.path_of(&place);
            if !is_known(&self.faults, &path) {
                self.faults.add(path.join("."), sentence);
            }
        }
    }

    /// The request.
    ///
    /// # Errors
    /// Every fault, by field path.
    pub fn finish(self) -> Result<T, Faults> {
        match self.read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(self.faults),
        }
    }
}

/// Reads and validates `value`.
///
/// # Errors
/// Every fault, by field path.
pub fn decode<T>(value: Value) -> Result<T, Faults>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    attempt(value).finish()
}

/// Reads and validates `value`, for callers who know of further faults.
pub fn attempt<T>(mut value: Value) -> Attempt<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    if !value.is_object() {
        let faults = Faults::of("body", "The body must be an object");
        return Attempt { read: None, faults, gone: Gone::default() };
    }
    let mut faults = Faults::new();
    find_nul(&mut value, &mut String::new(), &mut faults, &mut { MOST_FAULTS });
    let mut gone = Gone::default();
    let read: Option<T> = read(&mut value, &mut gone, &mut faults);
    if let Some(Err(report)) = read.as_ref().map(Validate::validate) {
        for (path, error) in report.iter() {
            let place = wire_path(&path.to_string());
            let path = gone.path_of(&place);
            if !is_known(&faults, &path) && !gone.is_from(&path) {
                let given = value_at(&value, &place);
                faults.add(path.join("."), sentence(&path, &rule_words(error.message(), given)));
            }
        }
    }
    Attempt { read, faults, gone }
}

/// Whether it was said already what is wrong at this place: what was taken out is missing for every rule
/// that comes after.
fn is_known(faults: &Faults, path: &[String]) -> bool {
    (1..=path.len()).any(|end| faults.names(&path[..end].join(".")))
}

/// Reads what can be read; what cannot is noted and taken out of `value`.
fn read<T: DeserializeOwned>(value: &mut Value, gone: &mut Gone, faults: &mut Faults) -> Option<T> {
    let mut size = count(value);
    let mut work = 0;
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&*value) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let place: Vec<String> = error.path().iter().filter_map(segment).collect();
        let path = gone.path_of(&place);
        let name = if path.is_empty() { "body".to_owned() } else { path.join(".") };
        faults.add(name, sentence(&path, &type_words(&error.inner().to_string())));
        // A place that serde names otherwise than JSON does is inside the field that it begins with.
        let taken = take_out(value, &place, gone)
            .or_else(|| take_out(value, place.get(..1).unwrap_or_default(), gone));
        work += size;
        size -= count(&taken?);
        if faults.is_full() || work > MOST_WORK {
            return None;
        }
    }
}

/// How many values there are.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Text with a NUL character cannot be stored by PostgreSQL; it is never meant.
fn find_nul(value: &mut Value, path: &mut String, faults: &mut Faults, left: &mut usize) {
    let length = path.len();
    let mut step = |name: &str, inner: &mut Value, path: &mut String| {
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        find_nul(inner, path, faults, left);
        path.truncate(length);
    };
    match value {
        Value::String(text) if text.contains('\0') => {
            if *left > 0 {
                *left -= 1;
                // Whoever names a field by a million letters is not told them all again.
                let path: String = path.chars().take(LONGEST_PATH).collect();
                let named: Vec<String> = path.split('.').map(str::to_owned).collect();
                faults.add(path, sentence(&named, "must not contain NUL characters"));
            }
            *text = text.replace('\0', "");
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                step(&index.to_string(), item, path);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                step(name, field, path);
            }
        }
        _ => {}
    }
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

fn value_at<'value>(value: &'value Value, place: &[String]) -> Option<&'value Value> {
    place.iter().try_fold(value, |inner, name| match inner {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Takes the value at `place` out; none where there is nothing to take.
fn take_out(value: &mut Value, place: &[String], gone: &mut Gone) -> Option<Value> {
    let (last, parents) = place.split_last()?;
    let mut inner = value;
    for name in parents {
        inner = match inner {
            Value::Object(fields) => fields.get_mut(name)?,
            Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match inner {
        Value::Object(fields) => fields.remove(last),
        Value::Array(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < items.len())?;
            gone.note(&gone.path_of(place));
            Some(items.remove(at))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use garde::Validate;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::items::at_most;
    use crate::validate::{email, some, text};

    kamhub_kernel::wire_enum! {
        /// For the test.
        pub enum Size {
            /// Small.
            Small = "small",
            /// Large.
            Large = "large",
        }
    }

    #[derive(Debug, Default, Deserialize, Validate)]
    #[serde(default, rename_all = "camelCase")]
    struct Part {
        #[garde(custom(text(1, 5)))]
        file_name: String,
        #[garde(skip)]
        weight: Option<i32>,
    }

    #[derive(Debug, Default, Deserialize, Validate)]
    #[serde(default, rename_all = "camelCase")]
    struct Order {
        #[garde(custom(text(1, 10)))]
        subject: String,
        #[garde(custom(email))]
        customer_email: String,
        #[garde(skip)]
        size: Option<Size>,
        #[serde(deserialize_with = "at_most::<3, _, _>")]
        #[garde(dive)]
        parts: Vec<Part>,
        #[serde(deserialize_with = "at_most::<5, _, _>")]
        #[garde(custom(some), inner(custom(text(1, 5))))]
        tags: Vec<String>,
    }

    fn faults(value: Value) -> Vec<(String, String)> {
        match decode::<Order>(value) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
        }
    }

    #[test]
    fn wrong_types_unknown_words_and_broken_rules_are_reported_together() {
        let found = faults(json!({
            "subject": 5, "customerEmail": "nobody", "size": "huge", "tags": ["a"],
            "parts": [{"fileName": "much too long", "weight": "x"}, {"fileName": "fine"}, 7],
        }));
        assert_eq!(
            found,
            [
                ("customerEmail", "Invalid email format"),
                ("parts.0.fileName", "File name must be at most 5 characters"),
                ("parts.0.weight", "Weight must be a whole number"),
                ("parts.2", "An entry of parts must be an object"),
                ("size", "Size must be one of small, large"),
                ("subject", "Subject must be a text"),
            ]
            .map(|(path, sentence)| (path.to_owned(), sentence.to_owned()))
        );
    }

    #[test]
    fn every_item_of_a_list_is_named_at_its_own_place() {
        let found = faults(json!({
            "subject": "a", "customerEmail": "a@example.com",
            "tags": ["ok", 5, "", null, "toolong"],
            "parts": [7, {"fileName": ""}, 7],
        }));
        assert_eq!(
            found,
            [
                ("parts.0", "An entry of parts must be an object"),
                ("parts.1.fileName", "File name must not be empty"),
                ("parts.2", "An entry of parts must be an object"),
                ("tags.1", "An entry of tags must be a text"),
                ("tags.2", "An entry of tags must not be empty"),
                ("tags.3", "An entry of tags must be a text"),
                ("tags.4", "An entry of tags must be at most 5 characters"),
            ]
            .map(|(path, sentence)| (path.to_owned(), sentence.to_owned()))
        );
        let found = faults(json!({"subject": "a", "customerEmail": "a@example.com", "tags": [5]}));
        assert_eq!(found, [("tags.0".to_owned(), "An entry of tags must be a text".to_owned())]);
    }

    #[test]
    fn a_list_that_is_too_long_is_one_fault_whatever_is_in_it() {
        for item in [json!({}), json!(5), json!([[[]]])] {
            let parts: Value = (0..40_000).map(|_| item.clone()).collect();
            let found = faults(json!({"subject": 1, "customerEmail": "a@example.com",
                "tags": parts, "parts": parts}));
            assert_eq!(
                found,
                [
                    ("parts", "Parts must have at most 3 entries"),
                    ("subject", "Subject must be a text"),
                    ("tags", "Tags must have at most 5 entries"),
                ]
                .map(|(path, sentence)| (path.to_owned(), sentence.to_owned()))
            );
        }
    }

    #[test]
    fn faults_that_others_find_are_told_at_the_place_that_the_caller_knows() {
        let mut attempt =
            attempt::<Order>(json!({"subject": "a", "customerEmail": "a@example.com",
            "tags": ["a"], "parts": [7, {"fileName": "fine"}]}));
        let mut more = Faults::of("parts.0.fileName", "File name is not known");
        more.add("subject", "Subject is taken");
        attempt.add(&more);
        let faults = attempt.finish().unwrap_err();
        let paths: Vec<&str> = faults.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["parts.0", "parts.1.fileName", "subject"]);
    }

    #[test]
    fn a_field_that_a_strict_object_does_not_know_is_named() {
        #[derive(Debug, Default, Deserialize, Validate)]
        #[serde(default, deny_unknown_fields)]
        struct Strict {
            #[garde(skip)]
            monday: Vec<u8>,
        }
        let told = |value| match decode::<Strict>(value) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(|(a, b)| format!("{a}: {b}")).collect(),
        };
        assert_eq!(
            told(json!({"mondya": [], "sundya": [], "monday": 5})),
            [
                "monday: Monday must be a list",
                "mondya: Mondya is not known",
                "sundya: Sundya is not known"
            ]
        );
    }

    #[test]
    fn what_is_missing_is_required() {
        assert_eq!(faults(json!({"customerEmail": "a@example.com"}))[0].1, "Subject is required");
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        for body in [json!([1]), json!("text"), Value::Null] {
            assert_eq!(
                faults(body),
                [("body".to_owned(), "The body must be an object".to_owned())]
            );
        }
    }

    #[test]
    fn a_nul_character_is_a_fault_wherever_it_hides() {
        let found = faults(json!({"subject": "a\u{0}b", "customerEmail": "a@example.com"}));
        assert_eq!(found[0].1, "Subject must not contain NUL characters");
    }
}
