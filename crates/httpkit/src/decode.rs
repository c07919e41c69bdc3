//! JSON to types, with every fault of the request found in one go.
//!
//! serde stops at the first field it cannot read. Here such a field is noted and taken out, and
//! the rest is read again, so that wrong types and unknown words are reported together with what
//! validation finds. For this to work the request types use `#[serde(default)]`: a field that is
//! missing, or was taken out, is read as empty and left to validation.

use garde::Validate;
use kamhub_kernel::Faults;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// The most faults that are looked for in one request.
const MOST_FAULTS: usize = 100;

/// Reads and validates `value`.
///
/// # Errors
/// Every fault, by field path.
pub fn decode<T>(value: Value) -> Result<T, Faults>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    match read(value) {
        (Some(read), faults) if faults.is_empty() => Ok(read),
        (_, faults) => Err(faults),
    }
}

/// Reads and validates `value` as far as it goes: what could be read, without the fields whose type is wrong, and
/// every fault by field path.
pub(crate) fn read<T>(mut value: Value) -> (Option<T>, Faults)
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    if !value.is_object() {
        return (None, Faults::of("body", "The body must be an object"));
    }
    let mut faults = Faults::new();
    find_nul(&mut value, &mut String::new(), &mut faults);
    let read = loop {
        match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => break Some(read),
            Err(error) => {
                let path: Vec<String> = error.path().iter().filter_map(segment).collect();
                let dotted = path.join(".");
                let again = faults.has(&dotted);
                faults.add(dotted, sentence(&path, &plain_words(&error.inner().to_string())));
                let gone = if again {
                    take_out(&mut value, &path[..1.min(path.len())])
                } else {
                    take_out(&mut value, &path)
                };
                if !gone || faults.iter().count() >= MOST_FAULTS {
                    break None;
                }
            }
        }
    };
    if let Some(Err(report)) = read.as_ref().map(Validate::validate) {
        for (path, error) in report.iter() {
            let path = wire_path(&path.to_string());
            // What was taken out is missing for validation too; it was said already why.
            let known = (1..=path.len()).any(|end| faults.names(&path[..end].join(".")));
            if !known {
                faults.add(path.join("."), sentence(&path, error.message()));
            }
        }
    }
    (read, faults)
}

/// Text with a NUL character cannot be stored by PostgreSQL; it is never meant.
fn find_nul(value: &mut Value, path: &mut String, faults: &mut Faults) {
    let length = path.len();
    let mut step = |name: &str, inner: &mut Value, path: &mut String| {
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        find_nul(inner, path, faults);
        path.truncate(length);
    };
    match value {
        Value::String(text) if text.contains('\0') => {
            let named: Vec<String> = path.split('.').map(str::to_owned).collect();
            faults.add(path.clone(), sentence(&named, "must not contain NUL characters"));
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

/// Takes the value at `path` out; false where there is nothing to take.
fn take_out(value: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut inner = value;
    for name in parents {
        let next = match inner {
            Value::Object(fields) => fields.get_mut(name),
            Value::Array(items) => name.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
            _ => None,
        };
        match next {
            Some(next) => inner = next,
            None => return false,
        }
    }
    match inner {
        Value::Object(fields) => fields.remove(last).is_some(),
        Value::Array(items) => match last.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
            // The item keeps its place, so that the paths of the others stay true.
            Some(item) if *item != Value::Object(serde_json::Map::new()) => {
                *item = Value::Object(serde_json::Map::new());
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// serde's words for what it expected, in ours.
fn plain_words(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Some((_, field)) = message.split_once("missing field ") {
        return format!("lacks {}", field.replace('`', ""));
    }
    if message.starts_with("unknown field ") {
        return "is not known".to_owned();
    }
    let Some((problem, expected)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    if !problem.starts_with("invalid ") {
        return message.to_owned();
    }
    let expected = match expected {
        "a string" | "a borrowed string" | "string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "f32" | "f64" => "a number",
        number if number.starts_with(['i', 'u']) && number.len() <= 5 => {
            if problem.starts_with("invalid value") {
                "a whole number within range"
            } else {
                "a whole number"
            }
        }
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    format!("must be {expected}")
}

/// `attachments[0].file_url` as garde writes it, in the words of the wire.
fn wire_path(path: &str) -> Vec<String> {
    path.replace('[', ".")
        .replace(']', "")
        .split('.')
        .filter(|part| !part.is_empty())
        .map(camel_case)
        .collect()
}

fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        if letter == '_' {
            upper = true;
        } else if upper {
            camel.extend(letter.to_uppercase());
            upper = false;
        } else {
            camel.push(letter);
        }
    }
    camel
}

/// One sentence about a field: its name in words, then what is wrong. A message that starts with a
/// capital is a sentence already.
pub fn sentence(path: &[String], message: &str) -> String {
    if message.starts_with(char::is_uppercase) {
        return message.to_owned();
    }
    let name =
        path.iter().rev().find(|part| !part.starts_with(|first: char| first.is_ascii_digit()));
    let mut words = String::new();
    for letter in name.map_or("The body", String::as_str).chars() {
        if words.is_empty() {
            words.extend(letter.to_uppercase());
        } else if letter.is_ascii_uppercase() {
            words.push(' ');
            words.push(letter.to_ascii_lowercase());
        } else {
            words.push(letter);
        }
    }
    format!("{} {message}", if name.is_none() { "The body" } else { &words })
}

#[cfg(test)]
mod tests {
    use garde::Validate;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::validate::{email, text};

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
        #[garde(dive)]
        parts: Vec<Part>,
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
            "subject": 5, "customerEmail": "nobody", "size": "huge",
            "parts": [{"fileName": "much too long", "weight": "x"}, {"fileName": "fine"}, 7],
        }));
        assert_eq!(
            found,
            [
                ("customerEmail", "Invalid email format"),
                ("parts.0.fileName", "File name must be at most 5 characters"),
                ("parts.0.weight", "Weight must be a whole number"),
                ("parts.2", "Parts must be an object"),
                ("size", "Size must be one of small, large"),
                ("subject", "Subject must be a text"),
            ]
            .map(|(path, sentence)| (path.to_owned(), sentence.to_owned()))
        );
    }

    #[test]
    fn what_can_be_read_is_there_beside_the_faults() {
        let (read, faults) = read::<Order>(json!({"subject": "Tea", "size": "huge"}));
        assert_eq!(read.map(|order| order.subject), Some("Tea".to_owned()));
        assert!(faults.has("size") && faults.has("customerEmail") && !faults.has("subject"));
        assert_eq!(plain_words("invalid type: string \"4\", expected f64"), "must be a number");
        assert_eq!(plain_words("unknown field `mon`, expected `monday`"), "is not known");
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
