//! Who reads a page that shows everybody the same.

use axum::http::HeaderMap;
use kamhub_kernel::Actor;

use super::cookie;
use super::credentials::Credentials;
use super::identify::identify;
use crate::app::App;

/// The signed-in reader, for what is not counted of the company's own people; nobody in particular
/// where credentials are missing, wrong or cannot be looked up: the page is there for them all the same.
pub async fn reader(app: &App, headers: &HeaderMap, address: &str) -> Actor {
    let given = Credentials::of(headers, "", cookie::name(&app.settings));
    let nobody = || Actor::Anonymous { address: address.to_owned() };
    match given {
        Ok(given) => identify(app, &given, address).await.unwrap_or_else(|_| nobody()),
        Err(_) => nobody(),
    }
}
