//! A form that may bring files, and that is taken once however often it is sent.

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, StatusCode, header};
use kamhub_httpkit::{ApiResult, IdempotencyKey, Problem};
use kamhub_kernel::{Actor, Faults};
use sha2::{Digest as _, Sha256};

use super::fields::{self, Fields};
use super::visit::Visit;
use crate::attachments::http::upload;
use crate::attachments::model::MOST_BYTES;
use crate::attachments::{Error, service};
use crate::help_centre::words;
use crate::web::MAX_BODY;

/// Files of one form.
const MOST_FILES: usize = 5;
/// The body of a form with its files, in bytes.
pub const LARGEST: usize = MOST_FILES * MOST_BYTES + MAX_BODY;
/// The field of a file that came with the form before, when it was not taken.
const UPLOAD: &str = "upload";

/// What was sent.
pub struct Form {
    /// What was typed.
    pub fields: Fields,
    /// The uploads, those of an earlier attempt first.
    pub uploads: Vec<String>,
    /// What is wrong with the files.
    fault: Option<String>,
    /// What is the same when the same form is sent again.
    hash: Sha256,
}

/// A file that has arrived with a form that is shown again.
pub struct Kept {
    /// The upload.
    pub upload: String,
    /// What it is called.
    pub name: String,
}

/// The part of a form in which files are chosen.
#[derive(Default)]
pub struct FilesField {
    /// What has arrived already.
    pub kept: Vec<Kept>,
    /// What is wrong.
    pub fault: Option<String>,
}

impl FilesField {
    /// The most bytes of a file, for the script.
    pub fn most_bytes(&self) -> usize {
        MOST_BYTES
    }
}

impl Form {
    /// Reads a form. Its files are taken where `may_bring` says so of the fields before them.
    ///
    /// # Errors
    /// 403 from another site; 400, 413 and 415 for what no form of ours sends; a database fault.
    pub async fn read(
        visit: &Visit,
        actor: &Actor,
        request: Request,
        may_bring: impl Fn(&Fields) -> bool,
    ) -> ApiResult<Self> {
        let mut form = Self {
            fields: Fields::default(),
            uploads: Vec::new(),
            fault: None,
            hash: Sha256::new(),
        };
        if !is_multipart(request.headers()) {
            for (name, value) in fields::pairs(request, &visit.app).await? {
                form.add(name, value);
            }
            return Ok(form);
        }
        fields::check_origin(request.headers(), &visit.app.settings.public_url)?;
        let parts = Multipart::from_request(request, &visit.app).await;
        let mut parts = parts.map_err(|_| UNREADABLE)?;
        let mut room = MAX_BODY;
        loop {
            let part = match parts.next_field().await {
                Ok(Some(part)) => part,
                Ok(None) => return Ok(form),
                Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                    form.fault = Some(words::words(visit.lang).files_large.to_owned());
                    return Ok(form);
                }
                Err(_) => return Err(UNREADABLE.into()),
            };
            match part.file_name().map(str::to_owned) {
                None => {
                    let name = part.name().unwrap_or_default().to_owned();
                    form.add(name, text(part, &mut room).await?);
                }
                // Where no file was chosen the browser sends one without a name.
                Some(name) if name.is_empty() => {}
                Some(name) if may_bring(&form.fields) => {
                    form.bring(visit, actor, &name, part).await?;
                }
                Some(_) => {}
            }
        }
    }

    fn add(&mut self, name: String, value: String) {
        self.hash.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
        if name == UPLOAD && self.uploads.len() < MOST_FILES {
            self.uploads.push(value);
        } else {
            self.fields.set(name, &value);
        }
    }

    async fn bring(
        &mut self,
        visit: &Visit,
        actor: &Actor,
        name: &str,
        part: Field<'_>,
    ) -> ApiResult<()> {
        let w = words::words(visit.lang);
        let told = |sentence: &str| Some(format!("{sentence} {name}"));
        if self.uploads.len() >= MOST_FILES {
            self.fault = told(w.files_many);
            return Ok(());
        }
        if upload::may_upload(&visit.app, &visit.address).await.is_err() {
            self.fault = Some(w.too_often.to_owned());
            return Ok(());
        }
        match upload::take(&visit.app, actor, name, upload::chunks(part)).await {
            Ok(file) => {
                self.hash.update(&file.sha256);
                self.uploads.push(file.upload_id);
            }
            Err(Error::TooLarge) => self.fault = told(w.file_large),
            Err(Error::Refused(_)) => self.fault = told(w.file_refused),
            Err(Error::BrokenImage(_) | Error::Malformed(_)) => self.fault = told(w.file_broken),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Whether nothing is wrong with the files.
    pub fn files_are_sound(&self) -> bool {
        self.fault.is_none()
    }

    /// The files for a form that is shown again.
    ///
    /// # Errors
    /// A database fault.
    pub async fn files(
        &self,
        visit: &Visit,
        actor: &Actor,
        faults: &Faults,
    ) -> ApiResult<FilesField> {
        let mut kept = Vec::new();
        let mut tx = visit.app.db.begin().await?;
        for upload in &self.uploads {
            if let Some(file) = service::waiting(&mut tx, actor, upload).await? {
                kept.push(Kept { upload: upload.clone(), name: file.file_name });
            }
        }
        let is_gone = faults.iter().any(|(path, _)| path.starts_with("attachments"));
        let gone = is_gone.then(|| words::words(visit.lang).files_gone.to_owned());
        Ok(FilesField { kept, fault: self.fault.clone().or(gone) })
    }

    /// The form by what is in it, its hidden proof included: a second press of the button sends the
    /// same one, and gets the first one's answer.
    pub fn key(&self, path: &str) -> (IdempotencyKey, [u8; 32]) {
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        (IdempotencyKey::of(format!("form {}", hex::encode(hash)), format!("POST {path}")), hash)
    }
}

const UNREADABLE: Error = Error::Malformed("The body is no form that can be read");

fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"))
}

/// What was typed into a field; all fields together have the room of a form without files.
async fn text(mut part: Field<'_>, room: &mut usize) -> ApiResult<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| Problem::from(UNREADABLE))? {
        *room = room.checked_sub(chunk.len()).ok_or_else(fields::too_large)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
