//! Votes: one for each visitor, who may change it.

use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;

use crate::identity::keys::Keys;
use crate::knowledge::model::{Address, Wanted, choose};
use crate::knowledge::view::StatsView;
use crate::knowledge::visitor::Visitor;
use crate::knowledge::{Error, repo};

/// A vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Whether the article helped.
    pub helpful: bool,
    /// What the visitor says about it, at most 1,000 characters.
    pub comment: Option<String>,
}

/// Counts a visitor's vote, in the place of their earlier one. Answers the figures afterwards.
///
/// # Errors
/// [`Error::NotFound`], also for drafts that are not for this visitor; a database fault.
pub async fn vote(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    keys: &Keys,
    staff: bool,
    address: &Address,
    visitor: &Visitor,
    vote: Vote,
) -> Result<StatsView, Error> {
    // The lock lets votes for one article in one after the other, so that none is lost.
    let found = repo::lock(tx, address).await?;
    let choice = choose(found, address, staff, Wanted::default()).ok_or(Error::NotFound)?;
    let article = choice.article.article_id;
    let visitor = visitor.voting(keys);
    let before = repo::votes::find(tx, article, &visitor).await?;
    let comment = vote.comment.as_deref().map(str::trim).filter(|text| !text.is_empty());
    repo::votes::put(tx, article, &visitor, vote.helpful, comment, clock.now()).await?;
    let (helpful, unhelpful) = match (before, vote.helpful) {
        (None, true) => (1, 0),
        (None, false) => (0, 1),
        (Some(false), true) => (1, -1),
        (Some(true), false) => (-1, 1),
        _ => (0, 0),
    };
    if (helpful, unhelpful) != (0, 0) {
        repo::votes::count(tx, article, helpful, unhelpful).await?;
    }
    let mut stats = StatsView::from(&choice.article);
    stats.count(helpful, unhelpful);
    Ok(stats)
}
