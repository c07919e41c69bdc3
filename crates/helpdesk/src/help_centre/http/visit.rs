//! Who looks at a page, and how.

use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use kamhub_httpkit::{Problem, request};
use kamhub_kernel::Actor;

use crate::app::App;
use crate::identity::http::caller::network_address;
use crate::language::Language;

/// The cookie that remembers a choice of language; it holds nothing else.
const COOKIE: &str = "kamhub_language";
/// The query that makes a link a choice of language.
pub const CHOICE: &str = "choose";
/// Nothing but our own files; `data:` for small pictures in style sheets.
pub const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
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
    /// The version of the page that the browser has.
    pub known: Option<String>,
    /// What the browser calls itself.
    pub browser: Option<String>,
}

impl Visit {
    /// Nobody in particular, from this address.
    pub fn anonymous(&self) -> Actor {
        Actor::Anonymous { address: self.address.clone() }
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
            lang: Language::of_path(&path).unwrap_or_else(|| preferred(&parts.headers)),
            address: parts.extensions.get::<Address>().map_or_else(String::new, |a| a.0.clone()),
            known: text(header::IF_NONE_MATCH),
            browser: text(header::USER_AGENT),
            path,
        })
    }
}

/// The address as it was asked for, whatever a nested router made of it.
fn path(parts: &Parts) -> String {
    let original = parts.extensions.get::<OriginalUri>();
    original.map_or_else(|| parts.uri.path(), |original| original.path()).to_owned()
}

/// The language that was chosen before, or the one that the browser likes best.
pub fn preferred(headers: &HeaderMap) -> Language {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let chosen = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| Language::of_code(value).filter(|_| name == COOKIE));
    chosen.unwrap_or_else(|| {
        let wishes = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::of_preferences(wishes.unwrap_or_default())
    })
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
