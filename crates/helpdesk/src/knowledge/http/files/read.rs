//! `GET /api/support/attachments/{id}`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use garde::Validate;
use kamhub_httpkit::{ApiResult, ErrorBody, PathId, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::attachments::model::{Attachment, may_be_shown};
use crate::identity::http::caller::Caller;
use crate::ids::AttachmentId;
use crate::knowledge::service::files::{self, Readable};
use crate::{attachments, identity};

/// The right to read a file without credentials.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    /// A signed link's token: it opens this one file until it ends.
    #[garde(skip)]
    #[param(example = "AQAAAAAAAAAFAAAAAAAAAAAAAAAAad")]
    token: Option<String>,
}

/// Read a file
///
/// A file of a published article is everybody's. Any other comes with the token of a signed link, or with
/// the credentials of somebody who may see the message, the ticket or the draft that has it. Only images that were written anew are shown by a browser; everything else is
/// saved.
#[utoipa::path(
    get, path = "/api/support/attachments/{id}", operation_id = "attachment_read",
    tag = "attachments",
    params(("id" = AttachmentId, Path, description = "The file"), TokenQuery),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream",
            body = String, example = json!("(the bytes of the file)")),
        (status = 304, description = "The file is the one in If-None-Match"),
        (status = 401, description = "The token or the credentials are wrong", body = ErrorBody),
        (status = 503, description = "STORE_UNAVAILABLE", body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<AttachmentId>,
    ValidQuery(query): ValidQuery<TokenQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let mut connection = app.db.connection().await?;
    let Readable { file, is_public } = match query.token {
        Some(token) => {
            let now = app.clock.now();
            if identity::service::attachment_link_verify(&app.keys, now, &token)? != id {
                return Err(identity::Error::BadCredentials.into());
            }
            let file = attachments::service::find(&mut connection, id).await?;
            Readable { file, is_public: false }
        }
        None => files::read(&mut connection, &actor, id).await?,
    };
    drop(connection);
    let tag = format!("\"{}\"", hex::encode(&file.sha256));
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    if known.filter_map(|tags| tags.to_str().ok()).any(|tags| tags.contains(&tag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers_of(&file, &tag, is_public)).into_response());
    }
    let bytes = app.store.read(&file.key).await.map_err(attachments::Error::from)?;
    Ok((headers_of(&file, &tag, is_public), Body::from_stream(bytes)).into_response())
}

/// What keeps a browser from doing anything with a file but showing or saving it.
fn headers_of(file: &Attachment, tag: &str, is_public: bool) -> HeaderMap {
    let way = if may_be_shown(&file.media_type) { "inline" } else { "attachment" };
    // An article that is withdrawn takes its files along: nobody may keep one for long unasked.
    let (kept, seen_from) = match is_public {
        true => ("public, max-age=300", "cross-origin"),
        false => ("private, max-age=3600", "same-site"),
    };
    let media = match file.media_type.as_str() {
        "text/plain" => "text/plain; charset=utf-8",
        media => media,
    };
    let fields: [(HeaderName, String); 8] = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_DISPOSITION, disposition(way, &file.file_name)),
        (header::CONTENT_LENGTH, file.size.to_string()),
        (header::ETAG, tag.to_owned()),
        (header::CACHE_CONTROL, kept.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (HeaderName::from_static("cross-origin-resource-policy"), seen_from.to_owned()),
    ];
    let valid = |(name, value): (HeaderName, String)| {
        HeaderValue::from_str(&value).ok().map(|value| (name, value))
    };
    fields.into_iter().filter_map(valid).collect()
}

/// The name in both of the forms that browsers read (RFC 6266, section 4.3).
fn disposition(way: &str, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            '"' | '\\' | '%' => '_',
            ' '..='~' => letter,
            _ => '_',
        })
        .collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                coded.push(char::from(byte));
            }
            other => coded.push_str(&format!("%{other:02X}")),
        }
    }
    format!("{way}; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(
            disposition("attachment", "Счёт \"5\"; x=\\.pdf"),
            "attachment; filename=\"____ _5_; x=_.pdf\"; \
             filename*=UTF-8''%D0%A1%D1%87%D1%91%D1%82%20%225%22%3B%20x%3D%5C.pdf"
        );
    }
}
