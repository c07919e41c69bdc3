//! Optimistic versions: `If-Match` against the ETag of what was read (RFC 9110, section 13.1.1).

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::problem::Problem;

/// The version that the caller has seen; `None` where it does not care (no header, or `*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<i32>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        // A cache or proxy that compressed the answer may have weakened the tag.
        let version = text.trim_start_matches("W/").trim_matches('"').parse().ok();
        match version {
            Some(version) => Ok(Self(Some(version))),
            None => Err(Problem::invalid_field(
                "If-Match",
                "If-Match must be the ETag of an earlier answer",
            )),
        }
    }
}
