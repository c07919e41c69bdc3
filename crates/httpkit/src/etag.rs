//! Optimistic versions: `If-Match` against the ETag of what was read (RFC 9110, section 13.1.1).

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use kamhub_kernel::Versions;

use crate::problem::{ApiResult, Problem};

/// The versions that the caller has seen, of which any will do; `None` where it does not care (no header,
/// or `*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<Versions>);

impl IfMatch {
    /// The same, or the version that a body gives who cannot send the header.
    ///
    /// # Errors
    /// A fault of `version` where the header names others.
    pub fn or_version(self, version: Option<i32>) -> ApiResult<Option<Versions>> {
        match (self.0, version) {
            (Some(seen), Some(version)) if seen != version => Err(Problem::invalid_field(
                "version",
                format!("Version is {version}, and If-Match says {seen}"),
            )),
            (Some(seen), _) => Ok(Some(seen)),
            (None, version) => Ok(version.map(Versions::from)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut known = Vec::new();
        let lines = parts.headers.get_all(header::IF_MATCH).iter();
        for tag in lines.flat_map(|line| line.to_str().unwrap_or("?").split(',')).map(str::trim) {
            if tag == "*" {
                return Ok(Self(None));
            }
            // A cache or proxy that compressed the answer may have weakened the tag.
            known.push(tag.trim_start_matches("W/").trim_matches('"').parse::<i32>());
        }
        if known.is_empty() {
            return Ok(Self(None));
        }
        let known: Result<Vec<i32>, _> = known.into_iter().collect();
        known.ok().and_then(|known| Versions::of(&known)).map(|seen| Self(Some(seen))).ok_or_else(
            || {
                let sentence = "If-Match must be the ETag of an earlier answer, or up to 8 of them";
                Problem::invalid_field("If-Match", sentence)
            },
        )
    }
}
