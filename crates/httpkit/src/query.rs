//! Query parameters that were read and validated like a body.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use garde::Validate;
use kamhub_kernel::Faults;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::decode::attempt;
use crate::problem::Problem;
use crate::wording::sentence;

/// The query of a request. Every value arrives as text: use the readers of this module for
/// numbers, dates and lists. A parameter that is given empty counts as not given; one that is
/// given twice is a list.
#[derive(Debug, Clone)]
pub struct ValidQuery<T>(pub T);

impl<S, T> FromRequestParts<S> for ValidQuery<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut fields = Map::new();
        let mut unreadable = Faults::new();
        for (name, value) in form_pairs(parts.uri.query().unwrap_or_default()) {
            let Ok(value) = String::from_utf8(value) else {
                let sentence = sentence(std::slice::from_ref(&name), "must be text in UTF-8");
                unreadable.add(name, sentence);
                continue;
            };
            if value.is_empty() {
                continue;
            }
            match fields.get_mut(&name) {
                Some(Value::String(earlier)) => {
                    earlier.push(',');
                    earlier.push_str(&value);
                }
                _ => {
                    fields.insert(name, Value::String(value));
                }
            }
        }
        let mut attempt = attempt(Value::Object(fields));
        unreadable.merge(attempt.faults);
        attempt.faults = unreadable;
        attempt.finish().map(Self).map_err(Problem::invalid)
    }
}

/// The pairs of a query string, percent-decoded. A name that is no UTF-8 is none of ours.
fn form_pairs(query: &str) -> Vec<(String, Vec<u8>)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (String::from_utf8_lossy(&percent_decode(name)).into_owned(), percent_decode(value))
        })
        .collect()
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut ahead = rest.clone();
                let digits = (ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit));
                if let (Some(high), Some(low)) = digits {
                    bytes.push(high * 16 + low);
                    rest = ahead;
                } else {
                    bytes.push(b'%');
                }
            }
            other => bytes.push(other),
        }
    }
    bytes
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Reads a whole number.
///
/// # Errors
/// The deserialiser's error where the text is none.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| D::Error::custom("must be a whole number"))
}

/// Reads a query's yes or no.
///
/// # Errors
/// The deserialiser's error where it is neither true nor false.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match String::deserialize(deserializer)?.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(D::Error::custom("must be true or false")),
    }
}

/// Reads a point in time: RFC 3339, or a date, which means its first moment in UTC.
///
/// # Errors
/// The deserialiser's error where the text is neither.
pub fn from_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    time(deserializer, NaiveTime::MIN)
}

/// Reads a point in time: RFC 3339, or a date, which means its last microsecond in UTC.
///
/// # Errors
/// The deserialiser's error where the text is neither.
pub fn until_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let end = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap_or_default();
    time(deserializer, end)
}

fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
    of_date: NaiveTime,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if let Ok(date) = text.parse::<NaiveDate>() {
        return storable(date.and_time(of_date).and_utc()).map(Some).map_err(D::Error::custom);
    }
    // A `+` that was not percent-encoded arrives as a space.
    read_time(&text.replace(' ', "+"))
        .unwrap_or(Err("must be a date like 2025-12-28 or an RFC 3339 time"))
        .map(Some)
        .map_err(D::Error::custom)
}

/// Reads an RFC 3339 time.
///
/// # Errors
/// One sentence's end where it is none, or lies outside the years 1 to 9999.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    read_time(text).unwrap_or(Err("must be an RFC 3339 time like 2025-12-28T09:00:00Z"))
}

/// The time, or why it cannot be stored; none where it is no time.
fn read_time(text: &str) -> Option<Result<DateTime<Utc>, &'static str>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(storable(time.with_timezone(&Utc)))
}

fn storable(time: DateTime<Utc>) -> Result<DateTime<Utc>, &'static str> {
    use chrono::Datelike as _;
    if (1..=9999).contains(&time.year()) { Ok(time) } else { Err("must be a year from 1 to 9999") }
}

/// Reads an RFC 3339 time in a body.
///
/// # Errors
/// The deserialiser's error where it is none.
pub fn body_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        None => Ok(None),
        Some(text) => parse_time(&text).map(Some).map_err(D::Error::custom),
    }
}

/// Reads a text in a body without the white space around it, which nobody means who types an address or a
/// name.
///
/// # Errors
/// The deserialiser's error where it is no text.
pub fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.trim().to_owned())
}

/// The same where the text may be left out.
///
/// # Errors
/// As [`trimmed`].
pub fn trimmed_given<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|text| text.trim().to_owned()))
}

/// Reads one or several words, separated by commas.
///
/// # Errors
/// The deserialiser's error where one of them is not known.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().map_err(D::Error::custom))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_percent_decoded() {
        assert_eq!(
            form_pairs("q=%D0%B2%D1%83%D0%BB%D0%BA%D0%B0%D0%BD+x&tag=a%2Cb&bad=%zz&&flag"),
            [("q", "вулкан x"), ("tag", "a,b"), ("bad", "%zz"), ("flag", "")]
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        );
    }
}
