//! Styles, fonts, icons and the script, out of the binary. Their address holds the hash of all of
//! them, so that browsers keep them for good.

use std::sync::LazyLock;

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::brand::{Brand, Logo};

const BRAND_STYLE: &str = "brand.css";
const LOGO: &str = "logo";
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// An address of an earlier release, or of another brand: what there is now, for a moment.
const FOR_NOW: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// A logo is a picture, whatever its file tries to be.
const PICTURE_ONLY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

#[derive(RustEmbed)]
#[folder = "assets/help_centre/"]
struct Files;

/// The address below which the files are.
pub fn base() -> &'static str {
    &BASE
}

static BASE: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for name in Files::iter() {
        hash.update(name.as_bytes());
        hash.update(Files::get(&name).map(|file| file.metadata.sha256_hash()).unwrap_or_default());
    }
    below_static(&hash.finalize())
});

fn below_static(hash: &[u8]) -> String {
    format!("/static/{}", hex::encode(hash.get(..8).unwrap_or_default()))
}

/// Where the brand's colours are.
pub fn brand_style(brand: &Brand) -> String {
    format!("{}/{BRAND_STYLE}", below_static(&Sha256::digest(style(brand))))
}

/// Where the logo is.
pub fn logo(logo: &Logo) -> String {
    format!("{}/{LOGO}", below_static(&Sha256::digest(&logo.bytes)))
}

/// Where the picture is that goes with links: the logo where other sites can show it, which takes pixels.
pub fn picture(brand: &Brand) -> String {
    let logo_of = brand.logo.as_ref().filter(|logo| logo.media_type != "image/svg+xml");
    logo_of.map_or_else(|| format!("{}/share.png", base()), logo)
}

/// The brand's colours.
fn style(brand: &Brand) -> String {
    let (light, dark) = (brand.accent.on_light(), brand.accent.on_dark());
    format!(
        ":root{{--accent:{light};--on-accent:#fff}}\n\
         @media (prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:#0b1420}}}}\n"
    )
}

/// `GET /static/{hash}/{name}`.
pub async fn serve(State(app): State<App>, Path((hash, name)): Path<(String, String)>) -> Response {
    let brand = &app.settings.brand;
    let found = match (name.as_str(), &brand.logo) {
        (BRAND_STYLE, _) => Some((style(brand).into_bytes(), "text/css; charset=utf-8")),
        (LOGO, Some(logo)) => Some((logo.bytes.to_vec(), logo.media_type)),
        _ => Files::get(&name).map(|file| (file.data.into_owned(), media_type(&name))),
    };
    let Some((bytes, media_type)) = found else {
        return kamhub_httpkit::Problem::not_found("This address").into_response();
    };
    let address = match (name.as_str(), &brand.logo) {
        (BRAND_STYLE, _) => brand_style(brand),
        (LOGO, Some(known)) => logo(known),
        _ => format!("{}/{name}", base()),
    };
    let current = address == format!("/static/{hash}/{name}");
    let mut headers: Vec<(HeaderName, HeaderValue)> = vec![
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, if current { FOR_GOOD } else { FOR_NOW }),
    ];
    if name == LOGO {
        headers.push((header::CONTENT_SECURITY_POLICY, PICTURE_ONLY));
    }
    let mut response = (StatusCode::OK, bytes).into_response();
    for (name, value) in headers {
        // In the place of what the bytes would be taken for, not beside it.
        response.headers_mut().insert(name, value);
    }
    response
}

/// By the endings that we have.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
