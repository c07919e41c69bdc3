//! Files: those of articles, and who may read any. An article's files belong to it in all its languages,
//! and are no part of its versions.

use kamhub_kernel::Actor;
use kamhub_postgres::PgConnection;

use super::change::Hand;
use super::{is_staff, may_publish};
use crate::access::{self, Access, Permission};
use crate::attachments::model::Attachment;
use crate::attachments::{self, service as files};
use crate::ids::{ArticleId, AttachmentId};
use crate::knowledge::model::Address;
use crate::knowledge::view::ArticleFile;
use crate::knowledge::{Error, repo};
use crate::messages;

/// The most files of an article.
const MOST: i64 = 50;

/// Gives an article a file that was uploaded before. Where the public reads the article it reads the
/// file too from now on, so whoever does it must be allowed to publish.
///
/// # Errors
/// [`Error::NotFound`], [`Error::MayNotPublish`]; faults of `uploadId`; a database fault.
pub async fn add(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    address: &Address,
    upload: &str,
) -> Result<ArticleFile, Error> {
    let article = open(tx, hand, address).await?;
    let known = files::of_article(tx, article, MOST).await?;
    if i64::try_from(known.len()).is_ok_and(|known| known >= MOST) {
        return Err(Error::invalid("uploadId", "An article has at most 50 files"));
    }
    let file = files::claim_one(tx, hand.actor, upload).await?;
    files::used_by_article(tx, hand.now, file.id, article).await?;
    Ok(file.into())
}

/// Takes a file from an article.
///
/// # Errors
/// [`Error::NotFound`], [`Error::MayNotPublish`]; [`attachments::Error::NotFound`] where it is none of
/// this article; a database fault.
pub async fn remove(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    address: &Address,
    file: AttachmentId,
) -> Result<(), Error> {
    let article = open(tx, hand, address).await?;
    match files::release(tx, hand.now, article, Some(file)).await? {
        0 => Err(attachments::Error::NotFound.into()),
        _ => Ok(()),
    }
}

/// The article, locked in all its languages, for somebody who may change what it shows.
async fn open(
    tx: &mut PgConnection,
    hand: Hand<'_>,
    address: &Address,
) -> Result<ArticleId, Error> {
    let found = repo::lock(tx, address).await?;
    let id = found.first().ok_or(Error::NotFound)?.article.article_id;
    let is_public = found.iter().any(|one| one.article.is_published);
    if is_public && !may_publish(hand.actor) {
        return Err(Error::MayNotPublish);
    }
    Ok(id)
}

/// The files of an article, in the order in which they were uploaded.
///
/// # Errors
/// A database fault.
pub(super) async fn of(
    connection: &mut PgConnection,
    article: ArticleId,
) -> Result<Vec<ArticleFile>, Error> {
    let found = files::of_article(connection, article, MOST).await?;
    Ok(found.into_iter().map(ArticleFile::from).collect())
}

/// A file for somebody who may read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Readable {
    /// The file.
    pub file: Attachment,
    /// Whether everybody may.
    pub is_public: bool,
}

/// A file that the actor may read. One of an article: everybody where the article is published in any
/// language, else those who read drafts. One of a ticket or a message: those who may see that.
///
/// # Errors
/// [`attachments::Error::NotFound`], also where it is not for this actor; a database fault.
pub async fn read(
    connection: &mut PgConnection,
    actor: &Actor,
    id: AttachmentId,
) -> Result<Readable, Error> {
    let file = files::find(connection, id).await?;
    let (is_readable, is_public) = match file.article_id {
        Some(article) => match repo::is_published(connection, article).await? {
            Some(is_public) => (is_public || is_staff(actor), is_public),
            None => (false, false),
        },
        None => {
            let access = Access::StaffOrCustomer(Permission::TicketsRead);
            let may = access::check(access, actor).is_ok()
                && messages::service::attachments::is_readable(connection, actor, &file).await?;
            (may, false)
        }
    };
    match is_readable {
        true => Ok(Readable { file, is_public }),
        false => Err(attachments::Error::NotFound.into()),
    }
}
