//! `POST /{lang}/t/{token}/reply`: the customer writes.

use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kamhub_httpkit::{Answer, ApiResult};
use kamhub_kernel::Faults;

use super::Opened;
use super::show::{self, Notice, Shown};
use crate::attachments;
use crate::help_centre::http::fields::Fields;
use crate::help_centre::http::form::Form;
use crate::help_centre::http::visit::Visit;
use crate::help_centre::words;
use crate::messages::Error;
use crate::messages::http::create::CreateMessage;
use crate::messages::http::create::store;
use crate::messages::service::create::Created;

/// Why a message was not taken.
#[derive(Default)]
struct Refusal {
    notice: Option<Notice>,
    faults: Faults,
}

/// The handler.
///
/// # Errors
/// 401 by a link that has ended; 404 where the ticket is gone.
pub async fn handler(
    visit: Visit,
    Path(token): Path<String>,
    request: Request,
) -> ApiResult<Response> {
    let opened = Opened::with(&visit, token).await?;
    let is_ours = |fields: &Fields| fields.age(&visit, &opened.form()).is_some();
    let form = Form::read(&visit, &opened.actor, request, is_ours).await?;
    let refuse = async |status, refusal| again(&visit, &opened, &form, status, refusal).await;
    let noticed = |notice| Refusal { notice: Some(notice), ..Refusal::default() };
    if !is_ours(&form.fields) {
        return refuse(StatusCode::BAD_REQUEST, noticed(Notice::FormOld)).await;
    }
    let read: Result<CreateMessage, Faults> =
        form.fields.read_with_files(&["message", "lastSeenMessageId"], &form.uploads);
    let message = match read {
        Ok(message) if form.files_are_sound() => message,
        Ok(_) => return refuse(StatusCode::BAD_REQUEST, Refusal::default()).await,
        Err(faults) => {
            return refuse(StatusCode::BAD_REQUEST, Refusal { notice: None, faults }).await;
        }
    };
    if opened.is_too_often(&visit).await {
        return refuse(StatusCode::TOO_MANY_REQUESTS, noticed(Notice::TooOften)).await;
    }
    match keep(&visit, &opened, &form, message).await? {
        Ok(answer) => Ok(answer.into_response()),
        Err(Error::Newer(_)) => refuse(StatusCode::CONFLICT, noticed(Notice::Newer)).await,
        Err(Error::Attachments(attachments::Error::Invalid(faults))) => {
            refuse(StatusCode::BAD_REQUEST, Refusal { notice: None, faults }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The page once more, with what was typed and why it was not taken.
async fn again(
    visit: &Visit,
    opened: &Opened,
    form: &Form,
    status: StatusCode,
    refusal: Refusal,
) -> ApiResult<Response> {
    let files = form.files(visit, &opened.actor, &refusal.faults).await?;
    let fault = refusal.faults.iter().find(|(path, _)| *path == "message");
    let shown = Shown {
        notice: refusal.notice,
        typed: form.fields.get("message").to_owned(),
        fault: fault.map(|(_, sentence)| words::fault(visit.lang, sentence)),
        files,
        whole: false,
    };
    show::page(visit, opened, status, shown).await
}

/// Stores the message, or answers as the first time where the form was sent before.
async fn keep(
    visit: &Visit,
    opened: &Opened,
    form: &Form,
    message: CreateMessage,
) -> ApiResult<Result<Answer, Error>> {
    let (app, actor) = (&visit.app, &opened.actor);
    let (key, hash) = form.key(&visit.path);
    let mut tx = app.db.begin().await?;
    if let Some(answer) = key.begin(&mut tx, app.clock.now(), actor, &hash).await? {
        return Ok(Ok(answer));
    }
    let answer = match store(&mut tx, app, actor, opened.ticket, message).await {
        Ok(Created { message, follow_up: true }) => {
            Answer::go_on(format!("{}?done=followed-up", opened.path_to(visit, message.ticket_id)))
        }
        Ok(_) => Answer::go_on(format!("{}?done=replied#latest", opened.path(visit))),
        Err(error) => return Ok(Err(error)),
    };
    key.finish(&mut tx, actor, &answer).await?;
    tx.commit().await?;
    Ok(Ok(answer))
}
