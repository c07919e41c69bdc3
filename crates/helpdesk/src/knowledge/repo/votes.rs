//! Votes.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::ArticleId;

/// A visitor's vote, where there is one.
pub(in crate::knowledge) async fn find(
    tx: &mut PgConnection,
    article: ArticleId,
    visitor: &[u8],
) -> DbResult<Option<bool>> {
    Ok(sqlx::query_scalar!(
        "SELECT helpful FROM knowledge_base_votes WHERE article_id = $1 AND visitor = $2",
        article.0,
        visitor
    )
    .fetch_optional(tx)
    .await?)
}

/// Stores a visitor's vote in the place of an earlier one; a comment stays unless a new one is
/// given or the vote is turned round.
pub(in crate::knowledge) async fn put(
    tx: &mut PgConnection,
    article: ArticleId,
    visitor: &[u8],
    helpful: bool,
    comment: Option<&str>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO knowledge_base_votes AS vote (article_id, visitor, helpful, comment, voted_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (article_id, visitor) DO UPDATE SET helpful = EXCLUDED.helpful,
             comment = CASE WHEN vote.helpful = EXCLUDED.helpful
                 THEN coalesce(EXCLUDED.comment, vote.comment) ELSE EXCLUDED.comment END,
             voted_at = EXCLUDED.voted_at",
        article.0,
        visitor,
        helpful,
        comment,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds to the counters of an article, in each of its languages.
pub(in crate::knowledge) async fn count(
    tx: &mut PgConnection,
    article: ArticleId,
    helpful: i32,
    unhelpful: i32,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE knowledge_base_articles SET helpful_votes = helpful_votes + $2,
             unhelpful_votes = unhelpful_votes + $3
         WHERE article_id = $1",
        article.0,
        helpful,
        unhelpful
    )
    .execute(tx)
    .await?;
    Ok(())
}
