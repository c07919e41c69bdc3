//! Who looks at a page, and how.

use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use kamhub_httpkit::{Problem, request};
use kamhub_kernel::Actor;
use serde::Deserialize;

use crate::app::App;
use crate::identity::http::caller::network_address;
use crate::identity::http::reader::reader;
use crate::language::Language;

/// The cookie that remembers a choice of language; it holds nothing else.
const COOKIE: &str = "kamhub_language";
/// The query that makes a link a choice of language.
pub const CHOICE: &str = "choose";
/// Nothing but our own files, and images over https, which articles may show; `data:` for small
/// pictures in style sheets.
pub const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
     img-src 'self' data: https:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

/// Somebody's look at a page.
#[derive(Clone)]
pub struct Visit {
    /// The application.
    pub app: App,
    /// The language of the page.
    pub lang: Language,
    /// The page's address below the site's, with its language.
    pub path: String,
    /// The network address that it came from.
    pub address: String,
    /// What the browser sent with it.
    pub headers: HeaderMap,
    /// The version of the page that the browser has.
    pub known: Option<String>,
}

impl Visit {
    /// Nobody in particular, from this address.
    pub fn anonymous(&self) -> Actor {
        Actor::Anonymous { address: self.address.clone() }
    }

    /// Whether the page is this one of its language, or below it.
    pub fn is_below(&self, first: &str) -> bool {
        self.path.split('/').nth(2) == Some(first)
    }

    /// Who reads, for what is counted of the public only.
    pub async fn reader(&self) -> Actor {
        reader(&self.app, &self.headers, &self.address).await
    }

    /// What the browser calls itself.
    pub fn browser(&self) -> Option<&str> {
        self.headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok())
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = path(parts);
        let text = |name: header::HeaderName| {
            parts
                .headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Self {
            app: app.clone(),
            lang: Language::of_path(&path).unwrap_or_else(|| preferred(app, &parts.headers, None)),
            address: parts.extensions.get::<Address>().map_or_else(String::new, |a| a.0.clone()),
            known: text(header::IF_NONE_MATCH),
            headers: parts.headers.clone(),
            path,
        })
    }
}

/// The address as it was asked for, whatever a nested router made of it.
fn path(parts: &Parts) -> String {
    let original = parts.extensions.get::<OriginalUri>();
    original.map_or_else(|| parts.uri.path(), |original| original.path()).to_owned()
}

/// The language that was chosen before, or the one that the browser likes best; that of the mail which
/// had the link, and at last the desk's own.
pub fn preferred(app: &App, headers: &HeaderMap, of_mail: Option<Language>) -> Language {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let chosen = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| Language::of_code(value).filter(|_| name == COOKIE));
    let wishes = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let liked = || Language::of_preferences(wishes.unwrap_or_default());
    chosen.or_else(liked).or(of_mail).unwrap_or(app.settings.outlets.language)
}

/// What a link in a mail says of its language.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OfMail {
    lang: Option<String>,
}

impl OfMail {
    /// The language.
    pub fn language(&self) -> Option<Language> {
        self.lang.as_deref().and_then(Language::of_code)
    }
}

/// A page's address without the slashes that somebody typed at its end.
pub fn trimmed(request: &Request) -> Option<String> {
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    Language::of_path(path).filter(|_| is_read && path.ends_with('/'))?;
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{}{query}", path.trim_end_matches('/')))
}

#[derive(Clone)]
struct Address(String);

/// Around every page: the caller's address, the remembered language, and what a browser may do with
/// the page.
pub async fn enter(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let address = network_address(&request, app.settings.behind_proxy);
    request::set_actor(Actor::Anonymous { address: address.clone() }.label());
    request.extensions_mut().insert(Address(address));
    let mut response = match choice(&request) {
        Some(chosen) => chosen,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(POLICY);
    // With `no-referrer` browsers hide the origin of our own forms, too.
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    response
}

/// A link of the language switch: the choice is kept, and the page follows without it.
fn choice(request: &Request) -> Option<Response> {
    let uri = request.uri();
    let rest = uri.query().and_then(|query| query.strip_suffix(CHOICE));
    let rest = rest.filter(|_| request.method() == Method::GET)?;
    let rest = match rest.strip_suffix('&') {
        None if rest.is_empty() => String::new(),
        None => return None,
        Some(rest) => format!("?{rest}"),
    };
    let lang = Language::of_path(uri.path())?;
    let kept = format!("{COOKIE}={lang}; Path=/; Max-Age=31536000; SameSite=Lax");
    let headers = [(header::SET_COOKIE, kept), (header::LOCATION, format!("{}{rest}", uri.path()))];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}
