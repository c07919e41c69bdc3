//! `GET /api/auth/sessions`: where am I signed in?

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope};
use kamhub_kernel::page::Page;

use super::caller::Caller;
use crate::app::App;
use crate::identity::model::Session;
use crate::identity::service;

/// List my sessions
///
/// Those that have not ended, newest first, on one page.
#[utoipa::path(
    get, path = "/api/auth/sessions", operation_id = "auth_session_list", tag = "identity",
    responses((status = 200, description = "The sessions", body = ListEnvelope<Session>)),
)]
pub async fn handler(State(app): State<App>, caller: Caller) -> ApiResult<Answer> {
    let (user, current) = caller.person()?;
    let mut connection = app.db.connection().await?;
    let items = service::session_list(&mut connection, app.clock.now(), user, current).await?;
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let page = Page { items, total, total_capped: false, next_cursor: None };
    Ok(Answer::list(page, 1, total.max(1)))
}
