//! An id in the path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use kamhub_kernel::IdError;

use crate::problem::Problem;

/// The path's `{id}`; anything that is no id is a fault of field `id`, never a 500.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<S, T> FromRequestParts<S> for PathId<T>
where
    S: Send + Sync,
    T: FromStr<Err = IdError>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        path_text(parts, state)
            .await?
            .parse()
            .map(Self)
            .map_err(|error: IdError| Problem::invalid_field("id", format!("Id {error}")))
    }
}

/// The path's `{id}` as it was written.
///
/// # Errors
/// A fault of field `id` where it is no UTF-8 or is missing.
pub async fn path_text<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let unreadable = || Problem::invalid_field("id", "Id must be readable text");
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| unreadable())?;
    let found = params.iter().find(|(name, _)| *name == "id").map(|(_, value)| value.to_owned());
    found.filter(|id| !id.contains('\0')).ok_or_else(unreadable)
}
