//! `GET /api/support/search`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::{list as words, number};
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Problem, ValidQuery};
use kamhub_kernel::Faults;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::service::reports;
use crate::language::Language;
use crate::search::model::{DocumentKind, Found, Request};
use crate::search::service::{MISSES, find};

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words in either language, in any form, mistyped or in the wrong keyboard layout; a ticket number, phone,
    /// address, booking number or error code; "quoted" words are found as they are. At most 200 characters.
    #[garde(custom(text(1, 200)))]
    #[param(example = "ghbynth", min_length = 1, max_length = 200)]
    q: String,
    /// Only these kinds, separated by commas: article, faq; with the right to it ticket, message, customer.
    #[serde(rename = "type", deserialize_with = "words")]
    #[garde(skip)]
    #[param(value_type = Option<String>, rename = "type", example = "article,faq")]
    kinds: Vec<DocumentKind>,
    /// Only this category.
    #[garde(inner(custom(text(1, 100))))]
    #[param(example = "Возврат денег")]
    category: Option<String>,
    /// Only articles and questions in this language: ru or en.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "ru")]
    language: Option<Language>,
    /// The most results of a page, 1 to 50.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 50)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 50, example = 10)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

/// The results of a page where the caller gives no limit.
const DEFAULT_LIMIT: usize = 10;

impl SearchQuery {
    fn request(self) -> Result<Request, Faults> {
        let query = self.q.trim().to_owned();
        let skip = match self.cursor.as_deref() {
            None => 0,
            Some(cursor) => find::skip(cursor, &query).ok_or_else(|| {
                Faults::of("cursor", "Cursor is not one of this search; take it from nextCursor")
            })?,
        };
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        Ok(Request {
            query,
            kinds: self.kinds,
            category: self.category,
            language: self.language,
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            skip,
        })
    }
}

/// Search
///
/// Everybody finds published articles and questions; customers their own tickets too, and people of the company with
/// the right to read tickets everything. Results that have every word come before those that have some.
#[utoipa::path(
    get, path = "/api/support/search", operation_id = "search", tag = "search",
    params(SearchQuery),
    responses((status = 200, description = "What was found", body = Envelope<Found>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ValidQuery(query): ValidQuery<SearchQuery>,
) -> ApiResult<Answer> {
    let request = query.request().map_err(Problem::invalid)?;
    let mut connection = app.db.connection().await?;
    let reach = find::reach(&actor);
    let found = find::answer(&mut connection, &app.cache, &app.words, reach, &request).await?;
    let missed = found.results.is_empty() && request.skip == 0 && !actor.is_staff();
    if missed && app.limiter.check(&MISSES, &actor.label()).await.is_ok() {
        reports::note_miss(&mut connection, app.clock.now(), &request.query).await?;
    }
    Ok(Answer::ok(found))
}
