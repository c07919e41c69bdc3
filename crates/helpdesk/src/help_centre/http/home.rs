//! The front door.

use askama::Template;
use axum::http::HeaderMap;
use axum::response::Response;
use kamhub_httpkit::ApiResult;

use super::page::{Frame, go_on, public};
use super::visit::{Visit, preferred};

#[derive(Template)]
#[template(path = "help_centre/home.html")]
struct Home {
    page: Frame,
}

/// `GET /`: on to the language that was chosen before, or that the browser likes best.
pub async fn choose(headers: HeaderMap) -> ApiResult<Response> {
    let mut response = go_on(&format!("/{}", preferred(&headers)))?;
    let vary = axum::http::HeaderValue::from_static("accept-language, cookie");
    response.headers_mut().insert(axum::http::header::VARY, vary);
    Ok(response)
}

/// `GET /{lang}`.
pub async fn show(visit: Visit) -> ApiResult<Response> {
    public(&visit, &Home { page: Frame::of(&visit) })
}
