//! `POST /api/support/knowledge-base/articles/{id}/helpful` and `/unhelpful`.

use std::time::Duration;

use axum::extract::State;
use garde::Validate;
use kamhub_cache::RateRule;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, Problem, Valid};
use kamhub_kernel::Actor;
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::ArticlePath;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::model::Address;
use crate::knowledge::service;
use crate::knowledge::service::votes::{self, Vote};
use crate::knowledge::view::StatsView;
use crate::knowledge::visitor::Visitor;

/// Votes of one address without credentials.
const VOTES: RateRule =
    RateRule { name: "knowledge_votes", burst: 60, per: Duration::from_secs(60) };

/// What the visitor says about it.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct VoteBody {
    /// At most 1,000 characters.
    #[garde(inner(custom(text(0, 1000))))]
    #[schema(max_length = 1000, examples("Не нашёл, сколько ждать возврата"))]
    comment: Option<String>,
}

/// Say that an article helped
///
/// Each visitor has one vote and may change it: without credentials they are known by a keyed hash
/// of their network address.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/articles/{id}/helpful",
    operation_id = "article_helpful", tag = "knowledge",
    params(("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet")),
    request_body(content = Option<VoteBody>, example = json!({})),
    responses((status = 200, description = "The figures as they are now", body = Envelope<StatsView>)),
)]
pub async fn helpful(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    body: Valid<VoteBody>,
) -> ApiResult<Answer> {
    cast(&app, &actor, &address, true, body.value).await
}

/// Say that an article did not help
///
/// As for a helpful vote; a comment says what was missing.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/articles/{id}/unhelpful",
    operation_id = "article_unhelpful", tag = "knowledge",
    params(("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet")),
    request_body(content = Option<VoteBody>,
        example = json!({"comment": "Не нашёл, сколько ждать возврата"})),
    responses((status = 200, description = "The figures as they are now", body = Envelope<StatsView>)),
)]
pub async fn unhelpful(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    body: Valid<VoteBody>,
) -> ApiResult<Answer> {
    cast(&app, &actor, &address, false, body.value).await
}

async fn cast(
    app: &App,
    actor: &Actor,
    address: &Address,
    helpful: bool,
    body: VoteBody,
) -> ApiResult<Answer> {
    if let Actor::Anonymous { address } = actor {
        let checked = app.limiter.check(&VOTES, address).await;
        checked.map_err(|limited| Problem::too_many(limited.retry_after))?;
    }
    let visitor = Visitor::of(actor);
    let staff = service::is_staff(actor);
    let vote = Vote { helpful, comment: body.comment };
    let mut tx = app.db.begin().await?;
    let stats =
        votes::vote(&mut tx, &*app.clock, &app.keys, staff, address, &visitor, vote).await?;
    tx.commit().await?;
    Ok(Answer::ok(stats))
}
