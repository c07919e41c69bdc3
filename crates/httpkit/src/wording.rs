//! What is said about a field: its name as people say it, then what is wrong. The words of the libraries
//! that find the faults are put into ours here, and nowhere else.

use serde_json::Value;

/// serde's words for what it expected, in ours.
pub(crate) fn type_words(message: &str) -> String {
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

/// What a rule has to say: garde's own words in ours; and what is there and blank is not missing.
pub(crate) fn rule_words(message: &str, given: Option<&Value>) -> String {
    match message {
        "not set" | "is required" if given.is_some_and(|value| !value.is_null()) => {
            return "must not be empty".to_owned();
        }
        "not set" => return "is required".to_owned(),
        _ => {}
    }
    let ours = [
        ("lower than ", "must be at least "),
        ("greater than ", "must be at most "),
        ("length is lower than ", "must have a length of at least "),
        ("length is greater than ", "must have a length of at most "),
    ];
    let found =
        ours.iter().find_map(|(theirs, words)| Some((words, message.strip_prefix(theirs)?)));
    found.map_or_else(|| message.to_owned(), |(words, bound)| format!("{words}{bound}"))
}

/// `attachments[0].file_url` as garde writes it, in the words of the wire.
pub(crate) fn wire_path(path: &str) -> Vec<String> {
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
    let is_item = |part: &String| part.starts_with(|first: char| first.is_ascii_digit());
    let Some(name) = path.iter().rev().find(|part| !is_item(part)) else {
        return format!("The body {message}");
    };
    let words = in_words(name);
    if path.last().is_some_and(is_item) {
        return format!("An entry of {} {message}", words.to_lowercase());
    }
    format!("{words} {message}")
}

fn in_words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if words.is_empty() {
            words.extend(letter.to_uppercase());
        } else if letter.is_ascii_uppercase() {
            words.push(' ');
            words.push(letter.to_ascii_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use garde::Validate;
    use serde_json::json;

    use super::*;

    #[derive(Validate)]
    struct Ruled {
        #[garde(required)]
        until: Option<i32>,
        #[garde(range(min = 2, max = 5))]
        low: i32,
        #[garde(range(min = 2, max = 5))]
        high: i32,
        #[garde(length(min = 2, max = 3))]
        short: String,
        #[garde(length(min = 2, max = 3))]
        long: String,
    }

    #[test]
    fn no_word_of_the_validator_reaches_the_caller() {
        let ruled = Ruled { until: None, low: 1, high: 6, short: "a".into(), long: "abcd".into() };
        let report = ruled.validate().unwrap_err();
        let mut told: Vec<String> = report
            .iter()
            .map(|(path, error)| {
                sentence(&wire_path(&path.to_string()), &rule_words(error.message(), None))
            })
            .collect();
        told.sort();
        assert_eq!(
            told,
            [
                "High must be at most 5",
                "Long must have a length of at most 3",
                "Low must be at least 2",
                "Short must have a length of at least 2",
                "Until is required",
            ]
        );
    }

    #[test]
    fn no_word_of_the_reader_reaches_the_caller() {
        for (theirs, ours) in [
            ("invalid type: null, expected a string", "must be a text"),
            ("invalid type: string \"x\", expected f64", "must be a number"),
            ("invalid type: string \"x\", expected u8", "must be a whole number"),
            ("invalid value: integer `300`, expected u8", "must be a whole number within range"),
            ("invalid type: integer `5`, expected a sequence", "must be a list"),
            ("unknown field `mondya`, expected `monday`", "is not known"),
        ] {
            assert_eq!(type_words(theirs), ours);
        }
    }

    #[test]
    fn what_is_given_and_blank_is_not_called_missing() {
        assert_eq!(rule_words("is required", Some(&json!(" "))), "must not be empty");
        assert_eq!(rule_words("is required", Some(&json!(null))), "is required");
        assert_eq!(rule_words("is required", None), "is required");
    }
}
