//! What can go wrong with articles.

use kamhub_httpkit::Problem;
use kamhub_kernel::{Faults, Versions};
use kamhub_postgres::DbError;

use super::view::ArticleView;
use crate::{agents, attachments, messages};

/// A fault of the knowledge slice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such article, or not for this caller.
    #[error("the article was not found")]
    NotFound,
    /// There is no such version of the article.
    #[error("the version was not found")]
    NoSuchVersion,
    /// There is no such category.
    #[error("the category was not found")]
    NoSuchCategory,
    /// The caller's version is not the article's any more.
    #[error("the article has changed since version {0}")]
    Stale(Versions, Box<ArticleView>),
    /// The caller's version is not the category's any more.
    #[error("the category has changed since version {0}")]
    StaleCategory(Versions, serde_json::Value),
    /// A draft waits, and the change is not for it.
    #[error("a draft waits beside the article")]
    DraftPending,
    /// What the public reads is changed by those who publish.
    #[error("the caller may not publish")]
    MayNotPublish,
    /// The original goes with the whole article only.
    #[error("the original cannot be taken away alone")]
    OnlyOriginal,
    /// Articles or questions are in the category.
    #[error("the category is in use")]
    CategoryInUse,
    /// Another one has this value already.
    #[error("another one has this already")]
    Taken(Faults),
    /// Fields are at fault.
    #[error("some fields are not valid")]
    Invalid(Faults),
    /// Agents.
    #[error(transparent)]
    Agents(#[from] agents::Error),
    /// Files.
    #[error(transparent)]
    Files(#[from] attachments::Error),
    /// Messages.
    #[error(transparent)]
    Messages(#[from] messages::error::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Error {
    /// One field is at fault.
    pub(super) fn invalid(field: &str, sentence: &str) -> Self {
        Self::Invalid(Faults::of(field, sentence))
    }

    /// Another one has this value of a field already.
    pub(super) fn taken(field: &str, sentence: &str) -> Self {
        Self::Taken(Faults::of(field, sentence))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("The article"),
            Error::NoSuchVersion => Self::not_found("The version"),
            Error::NoSuchCategory => Self::not_found("The category"),
            Error::Stale(seen, current) => Self::conflict(
                "VERSION_CONFLICT",
                format!(
                    "The article has changed since version {seen}: it is at version {} now",
                    current.version
                ),
            )
            .with_current(&current),
            Error::StaleCategory(seen, current) => Self::conflict(
                "VERSION_CONFLICT",
                format!("The category has changed since version {seen}"),
            )
            .with_current(&current),
            Error::DraftPending => Self::conflict(
                "DRAFT_PENDING",
                "A draft waits beside what the public reads: publish it, discard it, or send draft: true",
            ),
            Error::MayNotPublish => Self::forbidden(
                "What the public reads is changed by those who may publish; save a draft instead",
            ),
            Error::OnlyOriginal => Self::conflict(
                "CONFLICT",
                "The language in which the article was written goes with the whole article only",
            ),
            Error::CategoryInUse => Self::conflict(
                "CATEGORY_IN_USE",
                "Articles or questions are in this category; move them first",
            ),
            Error::Taken(faults) => {
                Self::conflict("CONFLICT", "This is taken already; see errors").with_faults(faults)
            }
            Error::Invalid(faults) => Self::invalid(faults),
            Error::Agents(error) => error.into(),
            Error::Files(error) => error.into(),
            Error::Messages(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
