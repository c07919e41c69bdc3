//! A file arrives: it is counted, judged by its beginning, and written to the store while the rest is
//! still on its way.

use std::time::Duration;

use axum::body::Bytes;
use futures::{Stream, StreamExt as _};
use object_store::{MultipartUpload, PutPayload};
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::model::{FileKind, MOST_BYTES};
use super::store::Store;
use super::{images, sniff};

/// How much is held before it is written; S3 takes no smaller parts.
const PART: usize = 5 * 1024 * 1024;

/// How long a sender may send nothing: an upload may take its time, and is not held open for nobody.
const SILENCE: Duration = Duration::from_secs(30);

/// A file that has arrived and is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What it is called now.
    pub file_name: String,
    /// What is kept of it.
    pub media_type: &'static str,
    /// How many bytes are kept.
    pub size: i64,
    /// SHA-256 of what is kept.
    pub sha256: [u8; 32],
}

/// Takes a file in and writes it to `key`. It ends with the first byte too many, or as soon as the
/// beginning shows what is not taken; nothing of such a file stays.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Refused`], [`Error::BrokenImage`], [`Error::Malformed`]; whatever the
/// stream fails with; the store's own.
pub async fn receive(
    store: &Store,
    key: &str,
    sent_name: &str,
    stream: impl Stream<Item = Result<Bytes, Error>>,
) -> Result<Received, Error> {
    let mut stream = std::pin::pin!(stream);
    let mut taken = Taken::default();
    loop {
        let step = match tokio::time::timeout(SILENCE, stream.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(chunk))) => taken.add(store, key, &chunk).await,
            Ok(Some(Err(error))) => Err(error),
            Err(_) => Err(Error::Malformed("Nothing more of the file arrived for 30 seconds")),
        };
        if let Err(error) = step {
            taken.abort().await;
            return Err(error);
        }
    }
    taken.finish(store, key, sent_name).await
}

/// What has arrived so far.
#[derive(Default)]
struct Taken {
    count: usize,
    kind: Option<FileKind>,
    held: Vec<u8>,
    hash: Sha256,
    written: Option<Box<dyn MultipartUpload>>,
}

impl Taken {
    async fn add(&mut self, store: &Store, key: &str, chunk: &Bytes) -> Result<(), Error> {
        self.count += chunk.len();
        if self.count > MOST_BYTES {
            return Err(Error::TooLarge);
        }
        self.held.extend_from_slice(chunk);
        if self.kind.is_none() && self.held.len() >= sniff::HEAD {
            self.kind = Some(self.judge()?);
        }
        let goes_through = self.kind.is_some_and(|kind| !kind.is_decoded());
        if goes_through && self.held.len() >= PART {
            self.write_part(store, key).await?;
        }
        Ok(())
    }

    fn judge(&self) -> Result<FileKind, Error> {
        let head = self.held.get(..sniff::HEAD).unwrap_or(&self.held);
        sniff::judge(head).map_err(Error::Refused)
    }

    async fn write_part(&mut self, store: &Store, key: &str) -> Result<(), Error> {
        let part = std::mem::take(&mut self.held);
        self.hash.update(&part);
        let mut upload = match self.written.take() {
            Some(upload) => upload,
            None => store.begin(key).await?,
        };
        let sent = upload.put_part(PutPayload::from(part)).await;
        self.written = Some(upload);
        Ok(sent?)
    }

    async fn finish(
        mut self,
        store: &Store,
        key: &str,
        sent_name: &str,
    ) -> Result<Received, Error> {
        if self.count == 0 {
            return Err(Error::Malformed("The file is empty"));
        }
        let kind = match self.kind {
            Some(kind) => kind,
            None => self.judge()?,
        };
        let mut media_type = kind.media();
        if kind.is_decoded() {
            let held = std::mem::take(&mut self.held);
            (self.held, media_type) = written_anew(store, held, kind).await?;
            self.count = self.held.len();
        }
        match self.written.is_some() {
            true => {
                let ended = self.end(store, key).await;
                if ended.is_err() {
                    self.abort().await;
                }
                ended?;
            }
            false => {
                self.hash.update(&self.held);
                store.put(key, PutPayload::from(std::mem::take(&mut self.held))).await?;
            }
        }
        Ok(Received {
            file_name: kind.name(sent_name, media_type),
            media_type,
            size: i64::try_from(self.count).unwrap_or(i64::MAX),
            sha256: self.hash.finalize().into(),
        })
    }

    /// Writes what is held as the last part.
    async fn end(&mut self, store: &Store, key: &str) -> Result<(), Error> {
        if !self.held.is_empty() {
            self.write_part(store, key).await?;
        }
        if let Some(upload) = &mut self.written {
            upload.complete().await?;
        }
        Ok(())
    }

    async fn abort(&mut self) {
        if let Some(mut upload) = self.written.take()
            && let Err(error) = upload.abort().await
        {
            tracing::warn!(%error, "the parts of a refused file stay in the store");
        }
    }
}

/// An image is decoded on a thread of its own, one at a time.
async fn written_anew(
    store: &Store,
    bytes: Vec<u8>,
    kind: FileKind,
) -> Result<(Vec<u8>, &'static str), Error> {
    let fault = |error: &dyn std::fmt::Display| Error::Fault(error.to_string());
    let _turn = store.images.acquire().await.map_err(|error| fault(&error))?;
    let work = tokio::task::spawn_blocking(move || images::written_anew(bytes, kind));
    work.await.map_err(|error| fault(&error))?.map_err(Error::BrokenImage)
}
