//! `POST /{lang}/t/{token}/reply`: the customer writes.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::Faults;

use super::Opened;
use super::show::{self, Notice, Shown};
use crate::help_centre::http::fields::Fields;
use crate::help_centre::http::page::go_on;
use crate::help_centre::http::visit::Visit;
use crate::help_centre::words;
use crate::messages::Error;
use crate::messages::http::create::CreateMessage;
use crate::messages::service::create::{self, Created};

/// The handler.
///
/// # Errors
/// 401 by a link that has ended; 404 where the ticket is gone.
pub async fn handler(
    visit: Visit,
    Path(token): Path<String>,
    fields: Fields,
) -> ApiResult<Response> {
    let opened = Opened::with(&visit, token).await?;
    let typed = fields.get("message").to_owned();
    let shown = |notice| Shown { notice, typed: typed.clone(), ..Shown::default() };
    if fields.age(&visit, &opened.form()).is_none() {
        let shown = shown(Some(Notice::FormOld));
        return show::page(&visit, &opened, StatusCode::BAD_REQUEST, shown).await;
    }
    let message = match fields.read::<CreateMessage>(&["message", "lastSeenMessageId"]) {
        Ok(message) => message,
        Err(faults) => {
            let fault = first(&faults, visit.lang);
            let shown = Shown { fault, ..shown(None) };
            return show::page(&visit, &opened, StatusCode::BAD_REQUEST, shown).await;
        }
    };
    if opened.is_too_often(&visit).await {
        let shown = shown(Some(Notice::TooOften));
        return show::page(&visit, &opened, StatusCode::TOO_MANY_REQUESTS, shown).await;
    }
    match write(&visit, &opened, message).await {
        Ok(Created { message, follow_up: true }) => {
            go_on(&format!("{}?done=followed-up", opened.path_to(&visit, message.ticket_id)))
        }
        Ok(_) => go_on(&format!("{}?done=replied#latest", opened.path(&visit))),
        Err(Error::Newer(_)) => {
            let shown = shown(Some(Notice::Newer));
            show::page(&visit, &opened, StatusCode::CONFLICT, shown).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn write(visit: &Visit, opened: &Opened, message: CreateMessage) -> Result<Created, Error> {
    let app = &visit.app;
    let window = app.settings.reopen_window_days;
    let mut tx = app.db.begin().await?;
    let (clock, actor) = (&*app.clock, &opened.actor);
    let created =
        create::create(&mut tx, clock, actor, opened.ticket, message.into(), window).await?;
    tx.commit().await?;
    Ok(created)
}

fn first(faults: &Faults, lang: crate::language::Language) -> Option<String> {
    faults.iter().next().map(|(_, sentence)| words::fault(lang, sentence))
}
