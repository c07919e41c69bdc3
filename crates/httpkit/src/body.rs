//! A JSON body that was read and validated.
//!
//! A handler that only needs what the body says takes [`Valid`]. One that knows of rules beyond the body
//! (who calls, what is stored) takes [`Unchecked`], adds what it finds, and asks for [`Unchecked::valid`]:
//! so all faults of a request come together.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use garde::Validate;
use kamhub_kernel::Faults;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::decode::{Attempt, attempt};
use crate::json;
use crate::problem::Problem;

/// The body of a request; the handler only runs when every field is right.
#[derive(Debug, Clone)]
pub struct Valid<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 of the body's bytes, by which a repeated request is recognised.
    pub hash: [u8; 32],
}

/// A body whose faults are known and not yet told.
#[derive(Debug, Clone)]
pub struct Unchecked<T> {
    attempt: Attempt<T>,
    hash: [u8; 32],
}

impl<T> Unchecked<T> {
    /// What was sent, as far as it could be read: a field at fault may be missing.
    pub fn read(&self) -> Option<&T> {
        self.attempt.read.as_ref()
    }

    /// Whether nothing was found to be wrong so far.
    pub fn is_sound(&self) -> bool {
        self.attempt.read.is_some() && self.attempt.faults.is_empty()
    }

    /// Adds faults that the body alone does not show; what was said about a field stays.
    pub fn add(&mut self, faults: &Faults) {
        self.attempt.add(faults);
    }

    /// The body.
    ///
    /// # Errors
    /// Every fault, by field path.
    pub fn valid(self) -> Result<Valid<T>, Problem> {
        let value = self.attempt.finish().map_err(Problem::invalid)?;
        Ok(Valid { value, hash: self.hash })
    }
}

impl<S, T> FromRequest<S> for Valid<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Unchecked::from_request(request, state).await?.valid()
    }
}

impl<S, T> FromRequest<S> for Unchecked<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| {
                match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "BODY_TOO_LARGE",
                        "The body is larger than 1 MiB",
                    ),
                    _ => malformed("The body could not be read to its end"),
                }
            })?;
        let hash = Sha256::digest(&bytes).into();
        let value = if bytes.is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            json::parse(&bytes)
                .map_err(|error| malformed(&format!("The body is not valid JSON: {error}")))?
        };
        Ok(Self { attempt: attempt(value), hash })
    }
}

fn malformed(message: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", message)
}

/// A body without a type is taken for JSON only where there is no body.
fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
            && !headers.contains_key(header::TRANSFER_ENCODING);
        return if empty { Ok(()) } else { Err(wrong_type()) };
    };
    let essence = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    if essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
    {
        Ok(())
    } else {
        Err(wrong_type())
    }
}

fn wrong_type() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "The body must be sent as application/json",
    )
}
