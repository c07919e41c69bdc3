//! Suggestions while somebody types: titles with these words, the last of which is a beginning.

use kamhub_postgres::{DbResult, PgConnection};

use crate::language::Language;
use crate::search::model::DocumentKind;

/// The most titles that are put in order.
const MOST: i64 = 200;

/// A title.
pub(in crate::search) struct Title {
    pub kind: DocumentKind,
    pub public_id: i64,
    pub title: String,
    pub language: Language,
    pub slug: Option<String>,
}

/// Published titles that this query of the index finds: those that begin with the text first, then the shorter
/// ones, where the query is a larger part. Sorted apart from the looking up: the planner would rather walk from the newest
/// title on.
pub(in crate::search) async fn titles(
    connection: &mut PgConnection,
    asked: &str,
    text: &str,
    language: Option<Language>,
    limit: i64,
) -> DbResult<Vec<Title>> {
    Ok(sqlx::query_as!(
        Title,
        r#"WITH candidates AS MATERIALIZED (
               SELECT d.kind, d.source_id, d.title, d.language, newest.words FROM (
                   SELECT document_id, words FROM (
                       SELECT document_id, words FROM search_titles
                       WHERE vector @@ $1::text::tsquery AND is_public AND ($3::text IS NULL OR language = $3)
                       OFFSET 0) AS fitting
                   ORDER BY document_id DESC LIMIT $5) AS newest
               JOIN search_documents d ON d.id = newest.document_id)
           SELECT c.kind AS "kind!: DocumentKind", coalesce(a.article_id, c.source_id) AS "public_id!", c.title AS "title!",
                  c.language AS "language!: Language", a.slug AS "slug?"
           FROM candidates c
           LEFT JOIN knowledge_base_articles a ON c.kind = 'article' AND a.id = c.source_id
           LEFT JOIN faqs f ON c.kind = 'faq' AND f.id = c.source_id
           ORDER BY NOT starts_with(lower(search_fold(c.title)), $2), c.words,
                    coalesce(a.views, f.views, 0) DESC, c.title
           LIMIT $4"#,
        asked,
        text,
        language as Option<Language>,
        limit,
        MOST
    )
    .fetch_all(connection)
    .await?)
}
