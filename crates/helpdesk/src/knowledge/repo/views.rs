//! Views.

use chrono::NaiveDate;
use kamhub_postgres::{DbResult, PgConnection};

use crate::knowledge::views::View;

/// Counts views in one statement, each visitor once for a day and target; answers how many were
/// new. Targets are changed in the order of their ids, so that two processes cannot block each
/// other for good.
pub(in crate::knowledge) async fn count(
    connection: &mut PgConnection,
    views: &[View],
) -> DbResult<i64> {
    let days: Vec<NaiveDate> = views.iter().map(|view| view.day).collect();
    let kinds: Vec<String> = views.iter().map(|view| view.kind.as_str().to_owned()).collect();
    let targets: Vec<i64> = views.iter().map(|view| view.target).collect();
    let visitors: Vec<Vec<u8>> = views.iter().map(|view| view.visitor.clone()).collect();
    let new = sqlx::query_scalar!(
        r#"WITH seen AS (
             INSERT INTO knowledge_views (day, kind, target_id, visitor)
             SELECT * FROM unnest($1::date[], $2::text[], $3::bigint[], $4::bytea[]) AS given
             ORDER BY 1, 2, 3, 4
             ON CONFLICT DO NOTHING RETURNING kind, target_id),
           counted AS (SELECT kind, target_id, count(*) AS views FROM seen GROUP BY kind, target_id),
           articles AS (
             SELECT id, counted.views FROM counted JOIN knowledge_base_articles
                 ON counted.kind = 'article' AND article_id = target_id
             ORDER BY id FOR UPDATE OF knowledge_base_articles),
           questions AS (
             SELECT id, counted.views FROM counted JOIN faqs ON counted.kind = 'faq' AND id = target_id
             ORDER BY id FOR UPDATE OF faqs),
           of_articles AS (
             UPDATE knowledge_base_articles AS article SET views = article.views + articles.views
             FROM articles WHERE article.id = articles.id RETURNING 1),
           of_questions AS (
             UPDATE faqs SET views = faqs.views + questions.views
             FROM questions WHERE faqs.id = questions.id RETURNING 1)
           SELECT count(*) AS "new!" FROM seen"#,
        &days,
        &kinds,
        &targets,
        &visitors
    )
    .fetch_one(connection)
    .await?;
    Ok(new)
}

/// Forgets who saw what before a day; answers how many rows went.
pub(in crate::knowledge) async fn forget_before(
    connection: &mut PgConnection,
    day: NaiveDate,
) -> DbResult<u64> {
    let gone =
        sqlx::query!("DELETE FROM knowledge_views WHERE day < $1", day).execute(connection).await?;
    Ok(gone.rows_affected())
}
