//! The cookie that holds a browser's session.

use axum::http::{HeaderMap, HeaderName, header};

use crate::app::Settings;
use crate::identity::model::SESSION_LIFE;

fn secure(settings: &Settings) -> bool {
    settings.public_url.starts_with("https://")
}

/// The cookie's name. With the `__Host-` prefix a browser takes it from this host only, over TLS
/// only (RFC 6265bis, section 4.1.3.2); it refuses that prefix without TLS.
pub(super) fn name(settings: &Settings) -> &'static str {
    if secure(settings) { "__Host-kamhub_session" } else { "kamhub_session" }
}

/// The header that gives the browser its session.
pub(super) fn set(settings: &Settings, secret: &str) -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, write(settings, secret, SESSION_LIFE.num_seconds()))]
}

/// The header that takes it away.
pub(super) fn clear(settings: &Settings) -> [(HeaderName, String); 1] {
    [(header::SET_COOKIE, write(settings, "", 0))]
}

fn write(settings: &Settings, value: &str, seconds: i64) -> String {
    let secure = if secure(settings) { "; Secure" } else { "" };
    let name = name(settings);
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// The session's secret; `None` where there is none, or more than one.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut found = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, value)| *known == name && !value.is_empty());
    let (_, value) = found.next()?;
    found.next().is_none().then(|| value.to_owned())
}
