//! `GET /sitemap.xml`: every page that search engines may show (sitemaps.org, protocol 0.9).

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use chrono::SecondsFormat;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::page::{PageRequest, Start, decode_cursor};
use kamhub_postgres::PgConnection;

use super::listing::category_path;
use crate::app::App;
use crate::knowledge::Error;
use crate::knowledge::service::list::{ArticleSortBy, Filter, ListRequest, SortOrder, list};
use crate::knowledge::service::{self, Scope};
use crate::language::Language;

/// Articles of one look at the database, and looks for each language: 24,000 articles of each, which
/// with everything else keeps below the 50,000 addresses that a map may have.
const AT_ONCE: i64 = 1_000;
const LOOKS: usize = 24;

const MAPS: &str = "sitemap";
/// How long a map is kept; a change of any article asks for another at once.
const KEPT: Duration = Duration::from_secs(600);

/// The handler.
///
/// # Errors
/// A database fault.
pub async fn handler(State(app): State<App>) -> ApiResult<Response> {
    let site = &app.settings.public_url;
    let mut connection = app.db.connection().await?;
    let generation = service::generation(&mut connection, Scope::Articles).await?;
    let key = format!("{generation} {site}");
    let map: Result<String, Error> = app
        .cache
        .get_or_load(MAPS, &key, KEPT, || async move { draw(&mut connection, site).await })
        .await;
    let kind = (header::CONTENT_TYPE, "application/xml; charset=utf-8");
    Ok(([kind, (header::CACHE_CONTROL, "public, max-age=3600")], map?).into_response())
}

async fn draw(connection: &mut PgConnection, site: &str) -> Result<String, Error> {
    let mut map = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut add = |path: &str, changed: Option<String>| {
        let changed = changed.map(|at| format!("<lastmod>{at}</lastmod>")).unwrap_or_default();
        map.push_str(&format!("<url><loc>{site}{path}</loc>{changed}</url>\n"));
    };
    for lang in [Language::Ru, Language::En] {
        for page in ["", "/faq", "/request"] {
            add(&format!("/{lang}{page}"), None);
        }
        let mut categories: BTreeSet<String> = BTreeSet::new();
        let mut start = Start::Offset(0);
        for _ in 0..LOOKS {
            let filter = Filter { language: Some(lang), ..Filter::default() };
            let page = PageRequest { start, limit: AT_ONCE, exact_total: false };
            let (sort_by, order) = (ArticleSortBy::CreatedAt, SortOrder::Asc);
            let request = ListRequest { filter, sort_by, order, page };
            let articles = list(connection, false, request).await?;
            for article in articles.items {
                let changed = article.updated_at.to_rfc3339_opts(SecondsFormat::Secs, true);
                add(&format!("/{lang}/articles/{}", article.slug), Some(changed));
                categories.insert(article.category);
            }
            let next = articles.next_cursor.and_then(|cursor| decode_cursor(&cursor).ok());
            let Some(next) = next else { break };
            start = Start::After(next);
        }
        for category in categories {
            add(&category_path(lang, &category), None);
        }
    }
    map.push_str("</urlset>\n");
    Ok(map)
}
