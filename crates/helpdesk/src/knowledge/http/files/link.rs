//! `POST /api/support/attachments/{id}/link`.

use axum::extract::State;
use chrono::{DateTime, Duration, Utc};
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::attachments::service::address;
use crate::identity;
use crate::identity::http::caller::Caller;
use crate::ids::AttachmentId;
use crate::knowledge::service::files;

/// How long a link opens its file.
const VALID_FOR: Duration = Duration::hours(1);

/// A signed link to a file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentLink {
    /// Opens the file without credentials.
    #[schema(examples("https://support.kamhub.example/api/support/attachments/5?token=…"))]
    pub url: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Make a link to a file
///
/// For an image in a page, or a download by a browser: it opens this one file without credentials for
/// an hour. By whoever may read the file.
#[utoipa::path(
    post, path = "/api/support/attachments/{id}/link", operation_id = "attachment_link",
    tag = "attachments",
    params(("id" = AttachmentId, Path, description = "The file")),
    responses((status = 201, description = "The link", body = Envelope<AttachmentLink>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<AttachmentId>,
) -> ApiResult<Answer> {
    let mut connection = app.db.connection().await?;
    files::read(&mut connection, &actor, id).await?;
    Ok(Answer::created(link(&app, &app.settings.public_url, id)))
}

/// A link to a file for whoever may read it; its address begins with `site`.
pub fn link(app: &App, site: &str, id: AttachmentId) -> AttachmentLink {
    let expires_at = app.clock.now() + VALID_FOR;
    let token = identity::service::attachment_link_create(&app.keys, id, expires_at);
    AttachmentLink { url: format!("{}?token={token}", address(site, id)), expires_at }
}
