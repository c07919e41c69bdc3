//! What goes right, as the caller sees it: the success envelope (contract, section 1).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kamhub_kernel::page::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// The envelope of one object.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    /// Always true.
    #[schema(examples(true))]
    pub success: bool,
    /// The object.
    pub data: T,
}

/// The envelope of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListEnvelope<T> {
    /// Always true.
    #[schema(examples(true))]
    pub success: bool,
    /// The rows of this page.
    pub data: Vec<T>,
    /// How many rows there are; counted up to 1000 unless `total=exact` is asked for.
    pub total: i64,
    /// Whether there are more rows than `total` says.
    pub total_capped: bool,
    /// The page, where the list was asked by page.
    pub page: i64,
    /// The most rows of a page.
    pub limit: i64,
    /// The cursor of the next page; null on the last one.
    #[schema(examples(json!(null)))]
    pub next_cursor: Option<String>,
}

/// A success on its way to the caller: status, JSON, and the version where the object has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    pub(crate) etag: Option<String>,
    pub(crate) location: Option<String>,
}

impl Answer {
    /// 200 with one object.
    pub fn ok<T: Serialize>(data: T) -> Self {
        Self::with_status(StatusCode::OK, &Envelope { success: true, data })
    }

    /// 201 with the new object.
    pub fn created<T: Serialize>(data: T) -> Self {
        Self::with_status(StatusCode::CREATED, &Envelope { success: true, data })
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Vec::new(), etag: None, location: None }
    }

    /// 303: the browser goes on to a page of ours.
    pub fn go_on(path: impl Into<String>) -> Self {
        Self { status: StatusCode::SEE_OTHER, ..Self::no_content() }.location(path)
    }

    /// 200 with a page of a list.
    pub fn list<T: Serialize>(list: Page<T>, page: i64, limit: i64) -> Self {
        Self::with_status(
            StatusCode::OK,
            &ListEnvelope {
                success: true,
                data: list.items,
                total: list.total,
                total_capped: list.total_capped,
                page,
                limit,
                next_cursor: list.next_cursor,
            },
        )
    }

    /// Any status with any JSON, for answers whose shape is not the envelope's.
    pub fn with_status<T: Serialize>(status: StatusCode, body: &T) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { status, body, etag: None, location: None }
    }

    /// Adds the object's version as its ETag (RFC 9110, section 8.8.3).
    #[must_use]
    pub fn version(mut self, version: i32) -> Self {
        self.etag = Some(format!("\"{version}\""));
        self
    }

    /// Adds where the new object is found.
    #[must_use]
    pub fn location(mut self, path: impl Into<String>) -> Self {
        self.location = Some(path.into());
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let empty = self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if !empty {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = self.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
            headers.insert(header::ETAG, value);
        }
        if let Some(value) = self.location.and_then(|path| HeaderValue::from_str(&path).ok()) {
            headers.insert(header::LOCATION, value);
        }
        response
    }
}
