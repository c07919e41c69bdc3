//! `GET /api/support/faqs/{id}`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};

use crate::app::App;
use crate::faq::model::FaqView;
use crate::faq::service;
use crate::identity::http::caller::Caller;
use crate::ids::FaqId;
use crate::knowledge::views;
use crate::knowledge::visitor::Visitor;

/// Read a question with its answer
///
/// Each visitor counts as one view a day.
#[utoipa::path(
    get, path = "/api/support/faqs/{id}", operation_id = "faq_read", tag = "knowledge",
    params(("id" = FaqId, Path, description = "The question")),
    responses((status = 200, description = "The question; its version is the ETag",
        body = Envelope<FaqView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<FaqId>,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    let faq = service::read(&mut connection, &app.cache, id).await?;
    views::faq_seen(&app, id, &Visitor::of(&actor));
    let version = faq.version;
    Ok(Answer::ok(faq).version(version))
}
