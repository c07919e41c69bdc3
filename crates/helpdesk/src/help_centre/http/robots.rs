//! `GET /robots.txt`.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

/// What search engines may read.
pub async fn handler(State(app): State<App>) -> Response {
    format!(
        "User-agent: *\nDisallow: /api/\nAllow: /api/support/attachments/\nDisallow: /t/\nDisallow: /ru/t/\nDisallow: /en/t/\nDisallow: /my/\nDisallow: /ru/my/\nDisallow: /en/my/\n\
         Disallow: /*?choose\n\nSitemap: {}/sitemap.xml\n",
        app.settings.public_url
    )
    .into_response()
}
