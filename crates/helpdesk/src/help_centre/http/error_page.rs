//! What goes wrong, as a page for people rather than JSON for programs.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Response};

use super::page::{Frame, moved};
use super::visit::{Visit, preferred, trimmed};
use crate::app::App;
use crate::language::Language;

#[derive(Template)]
#[template(path = "help_centre/error.html")]
struct ErrorPage {
    page: Frame,
    title: &'static str,
    text: &'static str,
    may_try_again: bool,
    code: Option<String>,
}

/// Around every route: a browser that asked for a page and would get an error in JSON or in bare words gets a
/// page that says the same. Needs no database.
pub async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    if let Some(path) = trimmed(&request) {
        return moved(&path);
    }
    let wanted = wants_page(request.headers(), request.uri().path());
    let is_get = request.method() == axum::http::Method::GET;
    let path = request.uri().path().to_owned();
    let lang = Language::of_path(&path).unwrap_or_else(|| preferred(&app, request.headers(), None));
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !wanted || !is_error || is_page(response.headers()) {
        return response;
    }
    let headers = HeaderMap::new();
    let visit = Visit { app, lang, path, address: String::new(), known: None, headers };
    page(&visit, is_get, response)
}

fn wants_page(headers: &HeaderMap, path: &str) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let for_programs = ["/api", "/health", "/metrics"].iter().any(|begin| path.starts_with(begin));
    !for_programs && accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

fn page(visit: &Visit, is_get: bool, plain: Response) -> Response {
    let status = plain.status();
    let mut page = Frame::of(visit).private();
    // The address may be nonsense in the other language, too.
    page.other = None;
    let w = page.w;
    let (title, text) = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => {
            (w.not_found_title, w.not_found_text)
        }
        StatusCode::UNAUTHORIZED if visit.is_below("my") => (w.link_title, w.link_mine_text),
        StatusCode::UNAUTHORIZED if visit.is_below("rate") => (w.link_title, w.link_rate_text),
        StatusCode::UNAUTHORIZED => (w.link_title, w.link_text),
        StatusCode::FORBIDDEN => (w.refused_title, w.refused_text),
        StatusCode::TOO_MANY_REQUESTS => (w.often_title, w.often_text),
        StatusCode::SERVICE_UNAVAILABLE => (w.away_title, w.away_text),
        status if status.is_server_error() => (w.fault_title, w.fault_text),
        _ => (w.wrong_title, w.wrong_text),
    };
    let is_ours = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let id = plain.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let code = id.filter(|_| status.is_server_error()).map(str::to_owned);
    let template = ErrorPage { page, title, text, may_try_again: is_get && is_ours, code };
    let Ok(html) = template.render() else { return plain };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    for (name, value) in plain.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH, header::WWW_AUTHENTICATE].contains(name)
        {
            headers.insert(name.clone(), value.clone());
        }
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, super::visit::POLICY);
    response
}
