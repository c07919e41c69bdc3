//! The proof that a browser's call comes from a page of ours: a cookie alone is sent along with
//! whatever another site makes the browser do.

use axum::http::{HeaderMap, Method, header};

use crate::app::App;
use crate::identity::{Error, token};

/// Checks a call that came with a browser's session. Reading needs no proof; anything else needs
/// one of: the session's token in `X-CSRF-Token`, the browser's own word in `Sec-Fetch-Site`, or,
/// from a browser that does not give it, our own address in `Origin`.
///
/// # Errors
/// [`Error::CrossSite`].
pub(super) fn check(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    secret: &str,
) -> Result<(), Error> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let proved = if let Some(given) = text("x-csrf-token") {
        token::csrf_token_fits(&app.keys, secret, given)
    } else if let Some(site) = text("sec-fetch-site") {
        matches!(site, "same-origin" | "none")
    } else {
        text("origin").is_some_and(|origin| {
            let host = origin.split_once("://").map(|(_, host)| host);
            origin == app.settings.public_url
                || (host.is_some() && host == text(header::HOST.as_str()))
        })
    };
    if proved { Ok(()) } else { Err(Error::CrossSite) }
}
