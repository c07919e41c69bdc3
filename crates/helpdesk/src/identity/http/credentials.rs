//! What a request shows of its caller, before anything is looked up.

use axum::http::{HeaderMap, header};

use super::cookie;
use crate::identity::Error;

/// No credential of ours is longer, in bytes.
const LONGEST: usize = 4096;

/// The credentials of a request. Those that a program sets are taken before a cookie, which a
/// browser sends by itself (docs/adr/0006-sign-in.md).
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// None.
    None,
    /// `X-API-Key`.
    ApiKey(String),
    /// `Authorization: Bearer`.
    Bearer(String),
    /// A ticket's link: `access` in the query, or `X-Ticket-Access`.
    Link(String),
    /// A browser's session.
    Cookie(String),
}

impl Credentials {
    /// Reads them.
    ///
    /// # Errors
    /// Several of those that a program sets, or one that cannot be right.
    pub(super) fn of(headers: &HeaderMap, query: &str, cookie: &str) -> Result<Self, Error> {
        let mut found = Vec::new();
        for value in headers.get_all("x-api-key") {
            found.push(Self::ApiKey(word(value.as_bytes())?));
        }
        for value in headers.get_all(header::AUTHORIZATION) {
            found.push(Self::Bearer(bearer(value.as_bytes())?));
        }
        for value in headers.get_all("x-ticket-access") {
            found.push(Self::Link(word(value.as_bytes())?));
        }
        let pairs = query.split('&').filter_map(|pair| pair.strip_prefix("access="));
        for value in pairs.filter(|value| !value.is_empty()) {
            found.push(Self::Link(word(value.as_bytes())?));
        }
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(Error::SeveralCredentials),
            (None, _) => Ok(cookie::read(headers, cookie).map_or(Self::None, Self::Cookie)),
        }
    }
}

fn bearer(value: &[u8]) -> Result<String, Error> {
    let (scheme, token) = value.split_at_checked(7).ok_or(Error::BadCredentials)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return Err(Error::BadCredentials);
    }
    word(token)
}

/// One word of visible ASCII.
fn word(value: &[u8]) -> Result<String, Error> {
    let sound = !value.is_empty()
        && value.len() <= LONGEST
        && value.iter().all(|byte| byte.is_ascii_graphic());
    let text = sound.then(|| String::from_utf8_lossy(value).into_owned());
    text.ok_or(Error::BadCredentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&'static str, &str)], query: &str) -> Option<Credentials> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Credentials::of(&headers, query, "kamhub_session").ok()
    }

    #[test]
    fn one_kind_is_taken_and_what_a_program_sets_goes_before_a_cookie() {
        let cookie = ("cookie", "a=b; kamhub_session=c1; d=e");
        assert!(read(&[], "") == Some(Credentials::None));
        assert!(read(&[cookie], "") == Some(Credentials::Cookie("c1".into())));
        assert!(read(&[cookie, ("x-api-key", "k")], "") == Some(Credentials::ApiKey("k".into())));
        let token = Some(Credentials::Bearer("a.b.c".into()));
        assert!(read(&[("authorization", "bearer a.b.c")], "access=") == token);
        assert!(read(&[], "page=1&access=t") == Some(Credentials::Link("t".into())));
    }

    #[test]
    fn several_kinds_and_malformed_ones_are_refused() {
        let bad: [(&[(&str, &str)], &str); 8] = [
            (&[("x-api-key", "k"), ("authorization", "Bearer t")], ""),
            (&[("x-api-key", "k"), ("x-api-key", "k")], ""),
            (&[("x-ticket-access", "k")], "access=k"),
            (&[("authorization", "Basic YTpi")], ""),
            (&[("authorization", "Bearer")], ""),
            (&[("authorization", "Bearer a b")], ""),
            (&[("x-api-key", "")], ""),
            (&[("x-api-key", &"k".repeat(4097))], ""),
        ];
        for (lines, query) in bad {
            assert!(read(lines, query).is_none(), "{query} {:?}", lines.first());
        }
        let twice = [("cookie", "kamhub_session=a; kamhub_session=b")];
        assert!(read(&twice, "") == Some(Credentials::None));
    }
}
