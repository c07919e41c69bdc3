//! Use cases of the attachments slice. What talks to the store runs outside any transaction.

use chrono::{DateTime, Duration, Utc};
use kamhub_kernel::clock::random_token;
use kamhub_kernel::{Actor, Clock, Faults};
use kamhub_postgres::PgConnection;
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::intake::Received;
use super::model::{Attachment, Upload};
use super::repo;
use crate::ids::{ArticleId, AttachmentId, MessageId, TicketId};

/// How long an upload waits to be used.
const UNUSED_FOR: Duration = Duration::hours(24);
/// How long an object stays to which nothing refers; longer than any upload takes.
const UNREFERENCED_FOR: Duration = Duration::hours(1);
/// How many rows one step of the collection takes.
const AT_ONCE: i64 = 100;

/// A place in the store for a file that is about to arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    object: i64,
    /// The key to write it to.
    pub key: String,
}

/// Makes room for a file. It is noted before anything is written, so that whatever becomes of the
/// upload nothing stays in the store that nobody knows of.
///
/// # Errors
/// A database fault.
pub async fn begin(connection: &mut PgConnection, clock: &dyn Clock) -> Result<Place, Error> {
    let name = random_token(clock);
    let (folder, _) = name.split_at(2);
    let key = format!("{folder}/{name}");
    let object = repo::object_begin(connection, &key, clock.now()).await?;
    Ok(Place { object, key })
}

/// Whether one more upload without credentials is taken: `most_mib` is what those that nobody uses may
/// hold together. A flood of them fills no disk that way; they go after a day.
///
/// # Errors
/// [`Error::Full`]; a database fault.
pub async fn check_room(connection: &mut PgConnection, most_mib: u32) -> Result<(), Error> {
    let held = repo::unclaimed_bytes(connection).await?;
    if held >= i64::from(most_mib) * 1024 * 1024 { Err(Error::Full) } else { Ok(()) }
}

/// A file will not arrive after all.
///
/// # Errors
/// A database fault.
pub async fn give_up(
    connection: &mut PgConnection,
    clock: &dyn Clock,
    place: &Place,
) -> Result<(), Error> {
    Ok(repo::object_condemn(connection, place.object, clock.now()).await?)
}

/// A file has arrived. Where the same content is kept already, that one is used and the new one is
/// removed.
///
/// # Errors
/// A database fault; [`Error::Fault`] where it took so long that the room was given away.
pub async fn arrived(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    place: &Place,
    received: Received,
) -> Result<Upload, Error> {
    let now = clock.now();
    repo::lock_content(tx, &received.sha256).await?;
    let object = match repo::object_with(tx, &received.sha256).await? {
        Some(known) => {
            repo::object_condemn(tx, place.object, now).await?;
            known
        }
        None if repo::object_arrived(tx, place.object, &received).await? => place.object,
        None => return Err(Error::Fault("an upload took longer than its place is kept".into())),
    };
    let upload_id = random_token(clock);
    let uploader = owner(actor);
    let hash = Sha256::digest(upload_id.as_bytes());
    let name = &received.file_name;
    repo::insert(tx, object, &hash, name, uploader.as_deref(), now).await?;
    Ok(Upload {
        upload_id,
        file_name: received.file_name,
        file_type: received.media_type.to_owned(),
        size: received.size,
        sha256: hex::encode(received.sha256),
        unused_until: now + UNUSED_FOR,
    })
}

/// Whose upload it is. Nobody in particular has none: their network address may change.
fn owner(actor: &Actor) -> Option<String> {
    match actor {
        Actor::Anonymous { .. } => None,
        other => Some(other.label()),
    }
}

/// What is wrong with uploads that a request names, where it is refused anyway.
///
/// # Errors
/// A database fault.
pub async fn upload_faults(
    tx: &mut PgConnection,
    actor: &Actor,
    uploads: &[Option<&str>],
) -> Result<Faults, Error> {
    match claim(tx, actor, uploads).await {
        Ok(_) => Ok(Faults::new()),
        Err(Error::Invalid(faults)) => Ok(faults),
        Err(error) => Err(error),
    }
}

/// The files that somebody wants to use, locked, in the order in which they are named; `None` where a
/// place names none.
///
/// # Errors
/// Faults of `attachments.N.uploadId`: there is no such upload, it is somebody else's, is used
/// already, or is named twice.
pub async fn claim(
    tx: &mut PgConnection,
    actor: &Actor,
    uploads: &[Option<&str>],
) -> Result<Vec<Option<Attachment>>, Error> {
    let mut faults = Faults::new();
    let mut claimed: Vec<Option<Attachment>> = Vec::new();
    for (place, upload) in uploads.iter().enumerate() {
        let Some(upload) = upload else {
            claimed.push(None);
            continue;
        };
        let found = repo::lock_upload(tx, &Sha256::digest(upload.as_bytes())).await?;
        let twice = |file: &Attachment| claimed.iter().flatten().any(|other| other.id == file.id);
        let fault = match &found {
            Some(file) if twice(file) => Some("Upload id is given twice"),
            found => unusable(found.as_ref(), actor),
        };
        if let Some(fault) = fault {
            faults.add(format!("attachments.{place}.uploadId"), fault);
        }
        claimed.push(found);
    }
    faults.check(claimed).map_err(Error::Invalid)
}

/// The file of an upload that waits for this actor to use it, locked; `None` where there is none.
///
/// # Errors
/// A database fault.
pub async fn waiting(
    tx: &mut PgConnection,
    actor: &Actor,
    upload: &str,
) -> Result<Option<Attachment>, Error> {
    let found = repo::lock_upload(tx, &Sha256::digest(upload.as_bytes())).await?;
    Ok(found.filter(|file| unusable(Some(file), actor).is_none()))
}

/// The one file that somebody wants to use, locked.
///
/// # Errors
/// A fault of `uploadId`: there is no such upload, it is somebody else's, or is used already.
pub async fn claim_one(
    tx: &mut PgConnection,
    actor: &Actor,
    upload: &str,
) -> Result<Attachment, Error> {
    let found = repo::lock_upload(tx, &Sha256::digest(upload.as_bytes())).await?;
    match (unusable(found.as_ref(), actor), found) {
        (None, Some(file)) => Ok(file),
        (fault, _) => Err(Error::Invalid(Faults::of("uploadId", fault.unwrap_or(UNKNOWN)))),
    }
}

const UNKNOWN: &str = "Upload id names no file, or one that nobody used within a day";

/// Why an actor cannot use what was found of an upload.
fn unusable(found: Option<&Attachment>, actor: &Actor) -> Option<&'static str> {
    match found {
        None => Some(UNKNOWN),
        Some(file) if file.uploader.is_some() && file.uploader != owner(actor) => {
            Some("Upload id names a file of somebody else")
        }
        Some(file) if file.used_at.is_some() => Some("Upload id names a file that is used"),
        Some(_) => None,
    }
}

/// The files are used by a message, or by the description of a ticket.
///
/// # Errors
/// A database fault.
pub async fn used(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    files: &[Option<Attachment>],
    ticket: TicketId,
    message: Option<MessageId>,
) -> Result<(), Error> {
    let files: Vec<AttachmentId> = files.iter().flatten().map(|file| file.id).collect();
    if files.is_empty() {
        return Ok(());
    }
    Ok(repo::used(tx, &files, ticket, message, clock.now()).await?)
}

/// The file with this id.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(connection: &mut PgConnection, id: AttachmentId) -> Result<Attachment, Error> {
    repo::find(connection, id).await?.ok_or(Error::NotFound)
}

/// The file is used by an article.
///
/// # Errors
/// A database fault.
pub async fn used_by_article(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    file: AttachmentId,
    article: ArticleId,
) -> Result<(), Error> {
    Ok(repo::used_by_article(tx, file, article, now).await?)
}

/// At most so many files of an article, in the order in which they were uploaded.
///
/// # Errors
/// A database fault.
pub async fn of_article(
    connection: &mut PgConnection,
    article: ArticleId,
    most: i64,
) -> Result<Vec<Attachment>, Error> {
    Ok(repo::of_article(connection, article, most).await?)
}

/// An article gives up one of its files, or all of them; answers how many. What nothing else refers
/// to is collected later.
///
/// # Errors
/// A database fault.
pub async fn release(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    article: ArticleId,
    file: Option<AttachmentId>,
) -> Result<usize, Error> {
    Ok(repo::release(tx, article, file, now).await?)
}

/// Where a used file is found, below the address of the product.
pub fn path(id: AttachmentId) -> String {
    format!("/api/support/attachments/{id}")
}

/// Where a used file is found.
pub fn address(public_url: &str, id: AttachmentId) -> String {
    format!("{public_url}{}", path(id))
}

/// Forgets some of the uploads that nobody used within a day; answers how many.
///
/// # Errors
/// A database fault.
pub async fn forget_orphans(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(repo::orphans_forget(tx, now - UNUSED_FOR, AT_ONCE, now).await?)
}

/// Marks some of the objects to which nothing refers; answers how many. An object is first marked and
/// then removed: whoever brings the same content meanwhile gets an object of their own.
///
/// # Errors
/// A database fault.
pub async fn condemn_unreferenced(tx: &mut PgConnection, now: DateTime<Utc>) -> Result<u64, Error> {
    Ok(repo::objects_condemn(tx, now - UNREFERENCED_FOR, AT_ONCE, now).await?)
}

/// Some of the marked objects.
///
/// # Errors
/// A database fault.
pub async fn to_remove(connection: &mut PgConnection) -> Result<Vec<Place>, Error> {
    let rows = repo::objects_to_remove(connection, AT_ONCE).await?;
    Ok(rows.into_iter().map(|(object, key)| Place { object, key }).collect())
}

/// A marked object has left the store.
///
/// # Errors
/// A database fault.
pub async fn removed(connection: &mut PgConnection, place: &Place) -> Result<(), Error> {
    Ok(repo::object_forget(connection, place.object).await?)
}
