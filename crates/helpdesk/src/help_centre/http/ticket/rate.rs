//! `POST /{lang}/t/{token}/messages/{id}/rating`: what the customer thinks of an answer.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use kamhub_httpkit::ApiResult;

use super::Opened;
use super::show::{self, Notice, Shown};
use crate::help_centre::http::fields::Fields;
use crate::help_centre::http::page::go_on;
use crate::help_centre::http::visit::Visit;
use crate::ids::MessageId;
use crate::messages::http::rate::RateMessage;
use crate::messages::service::rate;

/// The handler.
///
/// # Errors
/// 401 by a link that has ended; 404 where there is no such message; 400 for what the form on the
/// page cannot send.
pub async fn handler(
    visit: Visit,
    Path((token, message)): Path<(String, i64)>,
    fields: Fields,
) -> ApiResult<Response> {
    let opened = Opened::with(&visit, token).await?;
    let refused = |notice| Shown { notice: Some(notice), ..Shown::default() };
    if fields.age(&visit, &opened.form()).is_none() {
        let shown = refused(Notice::FormOld);
        return show::page(&visit, &opened, StatusCode::BAD_REQUEST, shown).await;
    }
    let RateMessage { rating, comment } = fields.read_typed(&["comment"], &["rating"], &[])?;
    if opened.is_too_often(&visit).await {
        let shown = refused(Notice::TooOften);
        return show::page(&visit, &opened, StatusCode::TOO_MANY_REQUESTS, shown).await;
    }
    let app = &visit.app;
    let mut tx = app.db.begin().await?;
    let id = MessageId(message);
    rate::rate(&mut tx, &*app.clock, &opened.actor, id, rating, comment).await?;
    tx.commit().await?;
    go_on(&format!("{}?done=rated#m{message}", opened.path(&visit)))
}
