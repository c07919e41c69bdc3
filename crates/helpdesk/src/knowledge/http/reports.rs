//! `GET /api/support/knowledge-base/reports/unhelpful` and `/missed-searches`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::validate::between;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_LIMIT, decode_cursor};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::app::App;
use crate::knowledge::service::reports::{self, MissedSearch, UnhelpfulArticle};

/// The page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(custom(between(1, MAX_LIMIT))))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

impl ReportQuery {
    fn limit(&self) -> i64 {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    fn after<K: DeserializeOwned>(&self) -> ApiResult<Option<K>> {
        let key = self.cursor.as_deref().map(decode_cursor).transpose();
        key.map_err(|error| Problem::invalid_field("cursor", format!("Cursor {error}")))
    }
}

/// Articles that help nobody
///
/// Published articles that at least as many visitors found unhelpful as helpful, the most blamed
/// first, then those that are read most; with what was said about them. `total` counts this page.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/reports/unhelpful",
    operation_id = "knowledge_report_unhelpful", tag = "knowledge",
    params(ReportQuery),
    responses((status = 200, description = "A page of articles", body = ListEnvelope<UnhelpfulArticle>)),
)]
pub async fn unhelpful(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ReportQuery>,
) -> ApiResult<Answer> {
    let after = query.after()?;
    let mut connection = app.db.connection().await?;
    let page = reports::unhelpful(&mut connection, after, query.limit()).await?;
    Ok(Answer::list(page, 1, query.limit()))
}

/// Searches that found nothing
///
/// Those of the public, the most frequent first. What looks like somebody's address or number is
/// not kept. `total` counts this page.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/reports/missed-searches",
    operation_id = "knowledge_report_missed_searches", tag = "knowledge",
    params(ReportQuery),
    responses((status = 200, description = "A page of searches", body = ListEnvelope<MissedSearch>)),
)]
pub async fn missed_searches(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ReportQuery>,
) -> ApiResult<Answer> {
    let after = query.after()?;
    let mut connection = app.db.connection().await?;
    let page = reports::missed_searches(&mut connection, after, query.limit()).await?;
    Ok(Answer::list(page, 1, query.limit()))
}
