//! A page: what every page has around its own part, and how it goes out.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use kamhub_httpkit::{ApiResult, Problem};
use sha2::{Digest as _, Sha256};

use super::assets;
use super::visit::{CHOICE, Visit};
use crate::brand::Brand;
use crate::help_centre::dates::{self, When};
use crate::help_centre::words::{Words, words};
use crate::language::Language;

/// What every page has: language, brand, addresses.
pub struct Frame {
    /// The language.
    pub lang: Language,
    /// The words in it.
    pub w: &'static Words,
    /// The brand.
    pub brand: Brand,
    /// Where styles, fonts and scripts are.
    pub assets: &'static str,
    /// Where the brand's colours are.
    pub brand_style: String,
    /// The logo's address, where there is one.
    pub logo: Option<String>,
    /// The site, without a trailing slash.
    pub site: String,
    /// The page's own address below the site.
    pub path: String,
    /// The same page in the other language, below the site; none where there is none.
    pub other: Option<String>,
    /// Where the other language is found where the same page is not.
    pub elsewhere: Option<String>,
    /// The language of those who have not chosen one.
    pub usual: Language,
    /// The picture that goes with a link to the page, as a whole address.
    pub picture: String,
    /// Whether search engines may show it.
    pub is_public: bool,
    /// Whether mail can be sent, and so the link to one's requests.
    pub has_mail: bool,
}

impl Frame {
    /// The frame of a page that is there in both languages.
    pub fn of(visit: &Visit) -> Self {
        let lang = visit.lang;
        let rest = visit.path.strip_prefix(&format!("/{lang}"));
        let settings = &visit.app.settings;
        Self {
            elsewhere: None,
            usual: settings.outlets.language,
            picture: format!("{}{}", settings.public_url, assets::picture(&settings.brand)),
            lang,
            w: words(lang),
            brand: settings.brand.clone(),
            assets: assets::base(),
            brand_style: assets::brand_style(&settings.brand),
            logo: settings.brand.logo.as_ref().map(assets::logo),
            site: settings.public_url.clone(),
            path: visit.path.clone(),
            other: rest.map(|rest| format!("/{}{rest}", lang.other())),
            is_public: true,
            has_mail: settings.outlets.mail.is_some(),
        }
    }

    /// The same for a page that is nobody else's business.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.is_public = false;
        self
    }

    /// Whether the page is this one, whose address is given below its language.
    pub fn is_at(&self, rest: &str) -> bool {
        self.path.strip_prefix(&format!("/{}", self.lang)) == Some(rest)
    }

    /// The link to the other language, which also remembers the choice.
    pub fn switch(&self) -> String {
        match self.other.as_ref().or(self.elsewhere.as_ref()) {
            Some(path) if path.contains('?') => format!("{path}&{CHOICE}"),
            Some(path) => format!("{path}?{CHOICE}"),
            None => format!("/{}?{CHOICE}", self.lang.other()),
        }
    }

    /// The page for readers of neither language, below the site.
    pub fn of_others(&self) -> &str {
        let is_home = self.is_at("");
        match &self.other {
            Some(_) if is_home => "/",
            Some(other) if self.usual != self.lang => other,
            _ => &self.path,
        }
    }

    /// A day as this page writes it.
    pub fn day(&self, at: DateTime<Utc>) -> When {
        dates::day(self.lang, self.brand.time_zone, at)
    }

    /// A moment as this page writes it.
    pub fn moment(&self, at: DateTime<Utc>) -> When {
        dates::moment(self.lang, self.brand.time_zone, at)
    }
}

/// A page that everybody gets alike: kept by the browser, and asked for again by its version.
///
/// # Errors
/// A template that cannot be written.
pub fn public(visit: &Visit, page: &impl Template) -> ApiResult<Response> {
    let html = write(page)?;
    let hash = Sha256::digest(html.as_bytes());
    let etag = format!("W/\"{}\"", hex::encode(hash.get(..12).unwrap_or_default()));
    let headers = [
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, etag.clone()),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    if is_known(visit.known.as_deref().unwrap_or_default(), &etag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, axum::response::Html(html)).into_response())
}

/// Whether a browser has what it asks for: `*`, or a tag that is the same but for its weakness
/// (RFC 9110, sections 8.8.3.2 and 13.1.2).
fn is_known(known: &str, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// A page with a form that is nobody's own: search engines may show it, and nobody keeps it, since its
/// form is good for a day.
///
/// # Errors
/// A template that cannot be written.
pub fn open(page: &impl Template) -> ApiResult<Response> {
    let kept = [(header::CACHE_CONTROL, "private, no-store")];
    Ok((kept, axum::response::Html(write(page)?)).into_response())
}

/// On to what a page is called now. Search engines take that for the lasting address; no browser keeps
/// the way, which ends or turns round when the page gets yet another address or loses a language.
pub fn moved(path: &str) -> Response {
    let headers = [(header::LOCATION, path), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::PERMANENT_REDIRECT, headers).into_response()
}

/// A page for this visitor alone: nobody keeps it, and no search engine shows it.
///
/// # Errors
/// A template that cannot be written.
pub fn private(status: StatusCode, page: &impl Template) -> ApiResult<Response> {
    let mut response = (status, axum::response::Html(write(page)?)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    Ok(response)
}

/// On to another page, after something was done.
pub fn go_on(path: &str) -> ApiResult<Response> {
    let location = HeaderValue::from_str(path).map_err(Problem::internal)?;
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Data for search engines as it goes into a script element, which ends at the first `<` that says so.
pub fn json_ld(data: &serde_json::Value) -> String {
    data.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The secret of a link of ours; anything else does not go into an address.
///
/// # Errors
/// 404 for what cannot be one.
pub fn plain(token: &str) -> ApiResult<&str> {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_ours = !token.is_empty() && token.bytes().all(sound);
    is_ours.then_some(token).ok_or_else(|| Problem::not_found("This address"))
}

fn write(page: &impl Template) -> ApiResult<String> {
    page.render().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_without_their_weakness() {
        for known in ["*", "W/\"a\"", "\"a\"", "\"b\", \"a\"", "W/\"b\",W/\"a\""] {
            assert!(is_known(known, "W/\"a\""), "{known}");
        }
        for unknown in ["", "a", "\"b\"", "W/\"ab\""] {
            assert!(!is_known(unknown, "W/\"a\""), "{unknown}");
        }
    }
}
