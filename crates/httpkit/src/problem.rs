//! What goes wrong, as the caller sees it: one envelope with a stable code (contract, section 1).

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kamhub_kernel::Faults;
use kamhub_postgres::DbError;
use kamhub_postgres::error::ConstraintKind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::request;

/// The result of a handler.
pub type ApiResult<T> = Result<T, Problem>;

/// The value of a field that validation has seen to be there.
///
/// # Errors
/// 500 where it is not there all the same.
pub fn validated<T>(value: Option<T>) -> ApiResult<T> {
    value.ok_or_else(|| Problem::internal("validation let a body pass without a required field"))
}

/// The envelope of every failure.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// Always false.
    #[schema(examples(false))]
    pub success: bool,
    /// A stable word for programs; all of them are listed in docs/ERRORS.md.
    #[schema(examples("VALIDATION_FAILED"))]
    pub code: String,
    /// One sentence for people.
    #[schema(examples("Some fields are not valid"))]
    pub message: String,
    /// JSON field path (dots for nesting) to one sentence; only where fields are at fault.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(examples(json!({"customerEmail": "Invalid email format"})))]
    pub errors: BTreeMap<String, String>,
    /// What the object looks like now; only in a conflict with a newer version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<serde_json::Value>,
    /// The id under which the request stands in the log.
    #[schema(examples("5f0c1b7e9a3d4c21"))]
    pub request_id: String,
}

/// A failure on its way to the caller.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    faults: Faults,
    current: Option<serde_json::Value>,
    retry_after: Option<Duration>,
    cause: Option<String>,
}

impl Problem {
    /// A failure with a status, a stable code and one sentence.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            faults: Faults::new(),
            current: None,
            retry_after: None,
            cause: None,
        }
    }

    /// 400: fields are at fault.
    pub fn invalid(faults: Faults) -> Self {
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "VALIDATION_FAILED",
            "Some fields are not valid; see errors",
        );
        problem.faults = faults;
        problem
    }

    /// 400: one field is at fault.
    pub fn invalid_field(path: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self::invalid(Faults::of(path, sentence))
    }

    /// 401: no credentials, or wrong ones.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
    }

    /// 403: the caller is known and has no right to this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// 404: there is no such thing, or not for this caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("{what} was not found"))
    }

    /// 409 with a code of its own.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 429: the caller asks too often.
    pub fn too_many(retry_after: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "RATE_LIMITED",
            "Too many requests; try again after the time in Retry-After",
        )
        .retry_after(retry_after)
    }

    /// 503: something that this call needs is away for now.
    pub fn unavailable(code: &'static str, message: impl Into<String>, after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(after)
    }

    /// 500: a fault of ours. The caller learns the request id only; the cause goes to the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_ERROR",
            "Something went wrong on our side; quote the request id when you report it",
        );
        problem.cause = Some(cause.to_string());
        problem
    }

    /// Adds field faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults.merge(faults);
        self
    }

    /// Adds what the object looks like now.
    #[must_use]
    pub fn with_current(mut self, current: &impl Serialize) -> Self {
        self.current = serde_json::to_value(current).ok();
        self
    }

    /// Says when to try again; written in whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults)
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        let cause = error.to_string();
        let mut problem = match &error {
            DbError::Unavailable(_) => Self::unavailable(
                "DATABASE_UNAVAILABLE",
                "The database is away; try again after the time in Retry-After",
                Duration::from_secs(2),
            ),
            DbError::Contention(_) => Self::unavailable(
                "CONTENTION",
                "Another request changed the same things at the same time; try again",
                Duration::from_secs(1),
            ),
            DbError::Constraint { kind: ConstraintKind::Check, .. } => Self::new(
                StatusCode::BAD_REQUEST,
                "VALIDATION_FAILED",
                "A value is outside the range that can be stored",
            ),
            DbError::Constraint { .. } => {
                Self::conflict("CONFLICT", "The change does not fit what is stored already")
            }
            DbError::BadValue(_) => Self::new(
                StatusCode::BAD_REQUEST,
                "VALIDATION_FAILED",
                "A value cannot be stored; it may hold a forbidden character or be out of range",
            ),
            DbError::Other(_) => return Self::internal(cause),
        };
        problem.cause = Some(cause);
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let request_id = request::current_id();
        if let Some(cause) = &self.cause {
            if self.status == StatusCode::INTERNAL_SERVER_ERROR {
                tracing::error!(request_id, code = self.code, cause, "request failed");
            } else {
                tracing::warn!(request_id, code = self.code, cause, "request refused");
            }
        }
        let body = ErrorBody {
            success: false,
            code: self.code.to_owned(),
            message: self.message,
            errors: self.faults.into(),
            current: self.current,
            request_id,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds(after).into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Whole seconds, rounded up, at least one.
fn seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}
