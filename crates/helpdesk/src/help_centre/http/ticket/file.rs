//! `GET /{lang}/t/{token}/files/{id}`: a file of the conversation.

use axum::extract::Path;
use axum::response::Response;
use kamhub_httpkit::ApiResult;

use super::Opened;
use crate::help_centre::http::page::go_on;
use crate::help_centre::http::visit::Visit;
use crate::ids::AttachmentId;
use crate::knowledge::http::files::link::link;
use crate::knowledge::service::files;

/// The handler: on to the file, by a link that is as fresh as the click.
///
/// # Errors
/// 401 by a link that has ended; 404 where the file is not for this customer.
pub async fn handler(
    visit: Visit,
    Path((token, file)): Path<(String, i64)>,
) -> ApiResult<Response> {
    let opened = Opened::with(&visit, token).await?;
    let mut connection = visit.app.db.connection().await?;
    let id = AttachmentId(file);
    files::read(&mut connection, &opened.actor, id).await?;
    drop(connection);
    go_on(&link(&visit.app, "", id).url)
}
