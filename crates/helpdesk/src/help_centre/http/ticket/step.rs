//! `POST /{lang}/t/{token}/close` and `/reopen`.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use kamhub_httpkit::ApiResult;

use super::Opened;
use super::show::{self, Notice, Shown};
use crate::help_centre::http::fields::Fields;
use crate::help_centre::http::page::go_on;
use crate::help_centre::http::visit::Visit;
use crate::tickets::Error;
use crate::tickets::service::change::{self, Step};
use crate::tickets::state::Status;

/// Closes the ticket.
///
/// # Errors
/// 401 by a link that has ended; 404 where the ticket is gone.
pub async fn close(visit: Visit, Path(token): Path<String>, fields: Fields) -> ApiResult<Response> {
    let step = Step { kind: "closed", step: Status::close, resolution: None, window_days: None };
    take(visit, token, fields, step).await
}

/// Opens it again.
///
/// # Errors
/// As [`close`].
pub async fn reopen(
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> ApiResult<Response> {
    let window_days = Some(visit.app.settings.reopen_window_days);
    let step = Step { kind: "reopened", step: Status::reopen, resolution: None, window_days };
    take(visit, token, fields, step).await
}

async fn take(visit: Visit, token: String, fields: Fields, step: Step) -> ApiResult<Response> {
    let opened = Opened::with(&visit, token).await?;
    let refused = |notice| Shown { notice: Some(notice), ..Shown::default() };
    if fields.age(&visit, &opened.form()).is_none() {
        let shown = refused(Notice::FormOld);
        return show::page(&visit, &opened, StatusCode::BAD_REQUEST, shown).await;
    }
    let app = &visit.app;
    let done = step.kind;
    let mut tx = app.db.begin().await?;
    let taken = change::step(&mut tx, &*app.clock, &opened.actor, opened.ticket, None, step).await;
    match taken {
        Ok(_) => {
            tx.commit().await?;
            go_on(&format!("{}?done={done}", opened.path(&visit)))
        }
        Err(Error::Transition(_) | Error::Merged(_) | Error::TooLate) => {
            drop(tx);
            let shown = refused(Notice::StepRefused);
            show::page(&visit, &opened, StatusCode::CONFLICT, shown).await
        }
        Err(error) => Err(error.into()),
    }
}
