//! `POST /api/support/attachments`.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{HeaderMap, header};
use futures::stream::{self, Stream, StreamExt as _};
use garde::Validate;
use kamhub_cache::RateRule;
use kamhub_httpkit::validate::text;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, Problem, ValidQuery};
use kamhub_kernel::Actor;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::attachments::error::Error;
use crate::attachments::intake;
use crate::attachments::model::{MOST_BYTES, Upload};
use crate::attachments::service;
use crate::identity::http::caller::Caller;

/// What a form adds around a file, at most, in bytes.
const FORM: usize = 64 * 1024;

/// What a raw body does not say itself.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// What a file is called that is sent as a raw body, 1 to 1000 characters.
    #[garde(inner(custom(text(1, 1000))))]
    #[param(example = "voucher.pdf", max_length = 1000)]
    file_name: Option<String>,
}

/// A form with a file.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it stands in the document only")]
pub struct UploadForm {
    /// The file, at most 10 MiB.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream", examples("…"))]
    file: Vec<u8>,
}

/// Upload a file
///
/// As a form (`multipart/form-data`) whose first field with a file name is the file, or as a raw body
/// of any other media type with `fileName` in the query. At most 10 MiB: more is cut off with 413 while it
/// arrives. What the file is, is decided by its content; programs, web pages and unknown kinds are
/// refused (415 `FILE_REFUSED`). Photos and images are written anew, without what the camera noted.
/// The answer's `uploadId` is given once to a ticket, a message or an article; unused it is forgotten after a day.
/// Without credentials: for a ticket that is about to be created, rate limited per address.
#[utoipa::path(
    post, path = "/api/support/attachments", operation_id = "attachment_upload",
    tag = "attachments",
    params(UploadQuery),
    request_body(content(
        (UploadForm = "multipart/form-data", example = json!({"file": "(the bytes of the file)"})),
        (String = "application/octet-stream", example = json!("(the bytes of the file)")),
    )),
    responses(
        (status = 201, description = "The upload", body = Envelope<Upload>),
        (status = 400, description = "MALFORMED_UPLOAD or FILE_BROKEN", body = ErrorBody),
        (status = 413, description = "FILE_TOO_LARGE: more than 10 MiB", body = ErrorBody),
        (status = 415, description = "FILE_REFUSED: a kind of file that is not taken", body = ErrorBody),
        (status = 503, description = "STORE_UNAVAILABLE; UPLOADS_FULL without credentials",
            body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ValidQuery(query): ValidQuery<UploadQuery>,
    request: Request,
) -> ApiResult<Answer> {
    if let Actor::Anonymous { address } = &actor {
        may_upload(&app, address).await?;
    }
    check_length(request.headers())?;
    Ok(Answer::created(receive(&app, &actor, query.file_name, request).await?))
}

/// Counts an upload of nobody in particular from this address.
///
/// # Errors
/// 429 where there were too many.
pub async fn may_upload(app: &App, address: &str) -> ApiResult<()> {
    let rule = RateRule {
        name: "anonymous_uploads",
        burst: app.settings.anonymous_uploads_per_minute,
        per: Duration::from_secs(60),
    };
    let checked = app.limiter.check(&rule, address).await;
    checked.map_err(|limited| Problem::too_many(limited.retry_after))
}

/// Takes a file in while it arrives.
///
/// # Errors
/// Those of [`intake::receive`]; [`Error::Full`] from nobody in particular; a database fault.
pub async fn take(
    app: &App,
    actor: &Actor,
    name: &str,
    chunks: impl Stream<Item = Result<Bytes, Error>>,
) -> Result<Upload, Error> {
    let mut connection = app.db.connection().await?;
    if let Actor::Anonymous { .. } = actor {
        service::check_room(&mut connection, app.settings.anonymous_uploads_mib).await?;
    }
    let place = service::begin(&mut connection, &*app.clock).await?;
    drop(connection);
    let received = match intake::receive(&app.store, &place.key, name, chunks).await {
        Ok(received) => received,
        Err(error) => {
            service::give_up(&mut *app.db.connection().await?, &*app.clock, &place).await?;
            return Err(error);
        }
    };
    let mut tx = app.db.begin().await?;
    let upload = service::arrived(&mut tx, &*app.clock, actor, &place, received).await?;
    tx.commit().await?;
    Ok(upload)
}

/// What says itself that it is too large need not arrive.
fn check_length(headers: &HeaderMap) -> Result<(), Error> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > MOST_BYTES + FORM => Err(Error::TooLarge),
        _ => Ok(()),
    }
}

async fn receive(
    app: &App,
    actor: &Actor,
    file_name: Option<String>,
    request: Request,
) -> Result<Upload, Error> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let form = kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"));
    if !form {
        let name = file_name.unwrap_or_default();
        let body = request.into_body().into_data_stream();
        let chunks = body.map(|chunk| chunk.map_err(|_| BROKEN));
        return take(app, actor, &name, chunks).await;
    }
    let fault = |_| Error::Malformed("The body is no form that can be read");
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|_| Error::Malformed("The body is no form that can be read"))?;
    while let Some(field) = form.next_field().await.map_err(fault)? {
        let Some(name) = field.file_name().map(str::to_owned) else { continue };
        return take(app, actor, &name, chunks(field)).await;
    }
    Err(Error::Malformed("The form has no file: send it as a field with a file name"))
}

const BROKEN: Error = Error::Malformed("The body broke off");

/// The file's bytes as they arrive.
pub fn chunks(field: Field<'_>) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::unfold(field, |mut field| async {
        let chunk = field.chunk().await.map_err(|_| BROKEN).transpose()?;
        Some((chunk, field))
    })
}
