//! What the calls of the knowledge slice read from requests.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header;
use axum::http::request::Parts;
use garde::Validate;
use kamhub_httpkit::path::path_text;
use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::Versions;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::ids::AttachmentId;
use crate::knowledge::model::Address;
use crate::knowledge::service::change::Target;
use crate::language::Language;

/// The article in the path: its id or its slug.
#[derive(Debug, Clone)]
pub struct ArticlePath(pub Address);

impl<S: Send + Sync> FromRequestParts<S> for ArticlePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_text(parts, state).await?;
        Address::parse(&text)
            .map(Self)
            .ok_or_else(|| Problem::invalid_field("id", "Id must be an article's id or its slug"))
    }
}

/// The version in the path.
#[derive(Debug, Clone, Copy)]
pub struct VersionPath(pub i32);

impl<S: Send + Sync> FromRequestParts<S> for VersionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let number = part(parts, state, "number").await.and_then(|text| text.parse().ok());
        number
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(|| Problem::invalid_field("number", "Number must be that of a version"))
    }
}

/// The file in the path.
#[derive(Debug, Clone, Copy)]
pub struct FilePath(pub AttachmentId);

impl<S: Send + Sync> FromRequestParts<S> for FilePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = part(parts, state, "attachmentId").await.and_then(|text| text.parse().ok());
        id.map(Self).ok_or_else(|| {
            Problem::invalid_field("attachmentId", "Attachment id must be a file's id")
        })
    }
}

/// The language in the path.
#[derive(Debug, Clone, Copy)]
pub struct LanguagePath(pub Language);

impl<S: Send + Sync> FromRequestParts<S> for LanguagePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = part(parts, state, "language").await.unwrap_or_default();
        text.parse().map(Self).map_err(|fault: String| {
            Problem::invalid_field("language", format!("Language {fault}"))
        })
    }
}

async fn part<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// The language that the reader's browser prefers, of ours.
#[derive(Debug, Clone, Copy)]
pub struct Preferred(pub Option<Language>);

impl<S: Send + Sync> FromRequestParts<S> for Preferred {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = parts.headers.get(header::ACCEPT_LANGUAGE);
        Ok(Self(header.and_then(|value| preferred(value.to_str().ok()?))))
    }
}

/// The language of greatest weight that we have (RFC 9110, section 12.5.4).
fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in header.split(',') {
        let (range, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        let range = range.trim().split('-').next().unwrap_or_default();
        let Ok(language) = range.parse() else { continue };
        if weight > best.map_or(0.0, |(known, _)| known) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// Which language of an article is meant.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct LanguageQuery {
    /// The language; otherwise that of the slug, or the one in which the article was written.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "en")]
    pub language: Option<Language>,
}

impl LanguageQuery {
    /// The row that is meant.
    pub fn target(&self, address: Address, seen: Option<Versions>) -> Target {
        Target { address, language: self.language, seen }
    }
}

/// Reads the number of a version.
///
/// # Errors
/// The deserialiser's error where it is none.
pub fn version_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let number: Option<i32> = String::deserialize(deserializer)?.parse().ok();
    match number.filter(|number| *number > 0) {
        Some(number) => Ok(Some(number)),
        None => Err(D::Error::custom("must be the number of a version")),
    }
}

/// Reads a field in which null means "none" and absence means "as it is".
///
/// # Errors
/// The deserialiser's error where the value is neither null nor right.
pub fn nullable_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<chrono::DateTime<chrono::Utc>>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(Some(None)) };
    let time = kamhub_httpkit::query::parse_time(&text).map_err(D::Error::custom)?;
    Ok(Some(Some(time)))
}

/// What a list says of a page that lies too deep, or of a cursor of another list.
///
/// # Errors
/// Those faults.
pub fn checked<T>(faults: kamhub_kernel::Faults, value: T) -> ApiResult<T> {
    faults.check(value).map_err(Problem::invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_greatest_weight_is_preferred() {
        assert_eq!(preferred("de, en-GB;q=0.8, ru;q=0.9"), Some(Language::Ru));
        assert_eq!(preferred("en-US,en;q=0.5"), Some(Language::En));
        assert_eq!(preferred("fr, *;q=0.1"), None);
        assert_eq!(preferred("ru;q=0"), None);
    }
}
