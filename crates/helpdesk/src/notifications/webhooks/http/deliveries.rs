//! `GET /api/support/webhooks/{id}/deliveries`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::validate::between;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, PathId, Problem, ValidQuery};
use kamhub_kernel::page::{DEFAULT_LIMIT, MAX_LIMIT, decode_cursor};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::ids::WebhookId;
use crate::notifications::model::DeliveryStatus;
use crate::notifications::webhooks::model::WebhookDelivery;
use crate::notifications::webhooks::service;

/// Which deliveries.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// pending, retrying, sent or failed.
    #[garde(skip)]
    #[param(example = "failed")]
    status: Option<DeliveryStatus>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(custom(between(1, MAX_LIMIT))))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

/// List deliveries to a webhook
///
/// Newest first, with what the receiver answered last.
#[utoipa::path(
    get, path = "/api/support/webhooks/{id}/deliveries", operation_id = "webhook_delivery_list",
    tag = "webhooks", params(("id" = WebhookId, Path, description = "The webhook"), DeliveriesQuery),
    responses((status = 200, description = "A page of deliveries", body = ListEnvelope<WebhookDelivery>)),
)]
pub async fn handler(
    State(app): State<App>,
    PathId(id): PathId<WebhookId>,
    ValidQuery(query): ValidQuery<DeliveriesQuery>,
) -> ApiResult<Answer> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let before = query.cursor.as_deref().map(decode_cursor::<i64>).transpose();
    let before =
        before.map_err(|error| Problem::invalid_field("cursor", format!("Cursor {error}")))?;
    let mut connection = app.db.connection().await?;
    let page = service::deliveries_of(&mut connection, id, query.status, before, limit).await?;
    Ok(Answer::list(page, 1, limit))
}
